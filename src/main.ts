import packageJson from '../package.json' with { type: 'json' }
import { createProgram, terminalInput, type StopSignal } from './cli/index.ts'
import { readEnvironment, trustedCertificates, userFolder } from './config/index.ts'
import { systemClock } from './lib/index.ts'

const program = createProgram({
  version: packageJson.version,
  environment: readEnvironment(),
  cwd: process.cwd(),
  userFolder: userFolder(),
  input: terminalInput(process.stdin, (text) => void process.stderr.write(text)),
  send: (url, init, ca) => fetch(url, { ...init, ...(ca === undefined ? {} : { tls: { ca } }), signal: AbortSignal.timeout(60_000) }),
  caFile: trustedCertificates(),
  print: (text) => void process.stdout.write(text),
  printError: (text) => void process.stderr.write(text),
  onSignal(listener) {
    const signals: StopSignal[] = ['SIGINT', 'SIGTERM']
    for (const signal of signals) process.on(signal, listener)
    return () => {
      for (const signal of signals) process.off(signal, listener)
    }
  },
  onHangup(listener) {
    process.on('SIGHUP', listener)
    return () => void process.off('SIGHUP', listener)
  },
  monotonic: () => systemClock.monotonic(),
  pause: (ms) => systemClock.sleep(ms),
  exit: (code) => process.exit(code),
  // Loaded only when a server starts: help and `config check` answer at once.
  watched: process.stderr.isTTY,
  checkIntegrity: async (config, request) => await (await import('./app.ts')).checkIntegrity(config, request),
  backUp: async (...request) => await (await import('./app.ts')).backUp(packageJson.version, ...request),
  restore: async (...request) => await (await import('./app.ts')).restore(...request),
  collectGarbage: async (...request) => await (await import('./app.ts')).collectGarbage(...request),
  rebuildIndex: async (config, options) => await (await import('./app.ts')).rebuildIndex(config, options),
  startServer: async (config) => await (await import('./app.ts')).startServer(packageJson.version, config),
})

const code = await program.run(process.argv.slice(2))
// Not left to the event loop: after an orderly stop nothing may keep the process alive.
process.stdout.write('', () => process.exit(code))
