import { expect, test } from 'bun:test'
import { type Config, loadConfig, readEnvironment } from '../../config/index.ts'
import { createSay } from '../messages.ts'
import { type RunningServer, serve, type StopSignal } from './serve.ts'

function configOf(env: Record<string, string> = {}): Config {
  const loaded = loadConfig({ flags: new Map(), environment: readEnvironment(env), cwd: '/nonexistent/berth' })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  return loaded.config
}

/** A process, a server in it, and what became of both. */
function createRig(url = 'http://127.0.0.1:5000') {
  const closed = Promise.withResolvers<void>()
  const listeners = new Set<(signal: StopSignal) => void>()
  const hangups = new Set<() => void>()
  const firstAdmin = undefined as RunningServer['firstAdmin']
  const rig = { firstAdmin, out: '', err: '', time: 0, exits: [] as number[], closes: 0, listeners, hangups, closed, close: () => Promise.resolve() }
  const deps = {
    version: '1.2.3',
    say: createSay('en'),
    print: (text: string) => void (rig.out += text),
    printError: (text: string) => void (rig.err += text),
    onSignal(listener: (signal: StopSignal) => void) {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    onHangup(listener: () => void) {
      hangups.add(listener)
      return () => void hangups.delete(listener)
    },
    monotonic: () => rig.time,
    exit: (code: number) => void rig.exits.push(code),
    startServer: (): Promise<RunningServer> =>
      Promise.resolve({
        url,
        firstAdmin: rig.firstAdmin,
        closed: closed.promise,
        close() {
          rig.closes++
          return rig.close()
        },
      }),
  }
  const signal = (name: StopSignal) => listeners.forEach((listener) => listener(name))
  return { rig, deps, signal }
}

test('it says where it serves, where the data is and what to type next', async () => {
  const { rig, deps, signal } = createRig('http://127.0.0.1:34567/')
  const ended = serve(configOf({ BERTH_LISTEN: '127.0.0.1:0', BERTH_DATA: '/srv/berth' }), deps)
  signal('SIGTERM')
  expect(await ended).toBe(0)
  expect(rig.out).toBe(
    [
      'Berth 1.2.3 is serving on http://127.0.0.1:34567/',
      'The data is in /srv/berth',
      '',
      'Type next:',
      '  docker login 127.0.0.1:34567',
      '  docker pull alpine',
      '  docker tag alpine 127.0.0.1:34567/alpine',
      '  docker push 127.0.0.1:34567/alpine',
      '  docker pull 127.0.0.1:34567/alpine',
      '',
      'Stop it with Ctrl-C.',
      '',
    ].join('\n'),
  )
})

test('it shows a generated password once, and none that was given', async () => {
  const made = { name: 'admin', file: '/srv/berth/initial-admin-password' }
  const outOf = async (password: string | undefined): Promise<string> => {
    const { rig, deps, signal } = createRig()
    rig.firstAdmin = { ...made, password }
    const ended = serve(configOf(), deps)
    signal('SIGTERM')
    await ended
    return rig.out + rig.err
  }
  const generated = await outOf('abcde-fghij')
  expect(generated).toContain('Log in as admin with the password abcde-fghij\nIt is shown this once, and kept in /srv/berth/initial-admin-password')
  expect(generated.split('abcde-fghij')).toHaveLength(2)
  expect(await outOf(undefined)).toContain('Log in as admin with the password that admin.password gives.')
})

test.each([
  ['0.0.0.0:80', 'http://0.0.0.0/', '127.0.0.1:80/alpine'],
  ['[::]:5000', 'http://[::]:5000/', '127.0.0.1:5000/alpine'],
  ['[fd00::1]:5000', 'http://[fd00::1]:5000/', '[fd00::1]:5000/alpine'],
  ['registry.example.com:5000', 'http://registry.example.com:5000/', 'registry.example.com:5000/alpine'],
])('opened on %s it warns, and names an address that answers', async (listen, url, image) => {
  const { rig, deps, signal } = createRig(url)
  const ended = serve(configOf({ BERTH_LISTEN: listen, BERTH_OPEN: 'true' }), deps)
  signal('SIGINT')
  await ended
  expect(rig.out).toStartWith('OPEN: there is no login. ')
  expect(rig.out).toContain(`docker push ${image}\n`)
  expect(rig.out).toContain('Anyone who can reach this address may pull, push and delete.')
  expect(rig.out).toContain('insecure-registries')
})

test('without --open it says nothing of that', async () => {
  const { rig, deps, signal } = createRig('http://0.0.0.0:5000/')
  const ended = serve(configOf({ BERTH_LISTEN: '0.0.0.0:5000' }), deps)
  signal('SIGTERM')
  await ended
  expect(rig.out).not.toContain('OPEN')
})

test('the first signal closes the server and ends with 0, also while it is starting', async () => {
  const { rig, deps, signal } = createRig()
  const started = Promise.withResolvers<RunningServer>()
  const ended = serve(configOf(), { ...deps, startServer: () => started.promise })
  signal('SIGINT')
  started.resolve(await deps.startServer())
  expect(await ended).toBe(0)
  expect([rig.closes, rig.exits, rig.listeners.size]).toEqual([1, [], 0])
  expect(rig.err).toContain('Stopping')
})

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s ends the process at once with %d', async (name, code) => {
  const { rig, deps, signal } = createRig()
  const closing = Promise.withResolvers<void>()
  rig.close = () => closing.promise
  const ended = serve(configOf(), deps)
  signal('SIGTERM')
  // The same Ctrl-C again, from npm.
  signal(name)
  expect(rig.exits).toEqual([])
  rig.time += 500
  signal(name)
  expect(rig.exits).toEqual([code])
  closing.resolve()
  await ended
})

test('a server that ends by itself, or fails to close, is a failure', async () => {
  const alone = createRig()
  alone.rig.closed.resolve()
  expect(await serve(configOf(), alone.deps)).toBe(1)
  expect(alone.rig.err).toContain('ended by itself')

  const broken = createRig()
  broken.rig.closed.reject(new Error('listener broke'))
  expect(await serve(configOf(), broken.deps)).toBe(1)
  expect(broken.rig.err).toContain('listener broke')

  const stuck = createRig()
  stuck.rig.close = () => Promise.reject(new Error('disk gone'))
  const ended = serve(configOf(), stuck.deps)
  stuck.signal('SIGTERM')
  expect(await ended).toBe(1)
  expect(stuck.rig.err).toContain('disk gone')
})

test('a server that cannot start says so in one line and ends with 1', async () => {
  const { rig, deps } = createRig()
  const startServer = () => Promise.reject(Object.assign(new Error('in use'), { code: 'EADDRINUSE', syscall: 'listen' }))
  expect(await serve(configOf(), { ...deps, startServer })).toBe(1)
  expect([rig.out, rig.closes, rig.listeners.size]).toEqual(['', 0, 0])
  expect(rig.err).toMatch(/^berth: cannot listen on 127\.0\.0\.1:5000: another program uses that port\. Stop it, or [^\n]+\n$/)
})

const secured = { BERTH_TLS_CERTIFICATE: '/etc/berth/tls.crt', BERTH_TLS_KEY: '/etc/berth/tls.key' }

test('a hang-up reads the certificate again where there is one, and is left to the system where there is none', async () => {
  const { rig, deps, signal } = createRig('https://127.0.0.1:5000')
  let reloads = 0
  const reload = () => {
    reloads++
    return Promise.resolve()
  }
  const started = await deps.startServer()
  const ended = serve(configOf(secured), { ...deps, startServer: () => Promise.resolve({ ...started, reload }) })
  while (rig.out === '') await Promise.resolve()
  expect(reloads).toBe(0)
  rig.hangups.forEach((hangUp) => hangUp())
  expect(reloads).toBe(1)
  signal('SIGTERM')
  await ended
  expect(rig.hangups.size).toBe(0)

  const plain = createRig()
  const plainEnded = serve(configOf(), plain.deps)
  while (plain.rig.out === '') await Promise.resolve()
  expect(plain.rig.hangups.size).toBe(0)
  plain.signal('SIGTERM')
  await plainEnded
})

test('a hang-up that comes while the server starts does not end it, and is answered as soon as it serves', async () => {
  const { rig, deps, signal } = createRig('https://127.0.0.1:5000')
  const begun = Promise.withResolvers<RunningServer>()
  let reloads = 0
  const reload = () => {
    reloads++
    return Promise.resolve()
  }
  const ended = serve(configOf(secured), { ...deps, startServer: () => begun.promise })
  expect(rig.hangups.size).toBe(1)
  rig.hangups.forEach((hangUp) => hangUp())
  begun.resolve({ ...(await deps.startServer()), reload })
  while (rig.out === '') await Promise.resolve()
  expect(reloads).toBe(1)
  signal('SIGTERM')
  await ended
  expect(rig.hangups.size).toBe(0)
})

test('a certificate that cannot be used is a mistake of the configuration', async () => {
  const { rig, deps } = createRig()
  const error = Object.assign(new Error('tls.key /etc/key.pem: is not the key'), { code: 'certificate-mismatch' })
  expect(await serve(configOf(), { ...deps, startServer: () => Promise.reject(error) })).toBe(2)
  expect(rig.err).toStartWith('berth: cannot serve TLS: tls.key /etc/key.pem: is not the key. ')
})
