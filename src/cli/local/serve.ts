import { type Config, isLoopback } from '../../config/index.ts'
import { formatHost } from '../../lib/index.ts'
import type { Say } from '../messages.ts'
import { describeStartFailure, isConfigFault } from './start-failure.ts'

/** A server that accepts requests. */
export interface RunningServer {
  /** Where it listens, with the real port: `http://127.0.0.1:5000`; absent where it only works. */
  readonly url: string | undefined
  /** Where operators look; absent without `ops.listen`. */
  readonly opsUrl?: string | undefined
  /** The account that was made because nobody could administer the registry; `password` where it was generated. */
  readonly firstAdmin?: { readonly name: string; readonly password: string | undefined; readonly file: string } | undefined
  /** Reads the certificate again; absent without TLS. */
  readonly reload?: (() => Promise<void>) | undefined
  /** Settles when the server has ended, asked to or not. */
  readonly closed: Promise<void>
  /** Ends it: running requests get `http.drain` to finish. */
  close(): Promise<void>
}

/** The signals that stop a server, with the exit code that tells the shell about it. */
const signalCodes = { SIGINT: 130, SIGTERM: 143 } as const

export type StopSignal = keyof typeof signalCodes

/** What `serve` needs from the process it runs in. */
export interface ServeDeps {
  readonly version: string
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /** Calls `listener` at every SIGINT and SIGTERM until the returned function is called. */
  readonly onSignal: (listener: (signal: StopSignal) => void) => () => void
  /** Calls `listener` at every SIGHUP, which does not end the process then, until the returned function is called. */
  readonly onHangup: (listener: () => void) => () => void
  /** Milliseconds that only ever grow. */
  readonly monotonic: () => number
  /** Ends the process at once. */
  readonly exit: (code: number) => void
  /** Starts the registry. Fails when it cannot serve; then nothing is left running. */
  readonly startServer: (config: Config) => Promise<RunningServer>
}

/**
 * `berth serve`: runs until a signal. Answers 0 after an orderly stop, 2 when a file that the
 * configuration names cannot be used, 1 when the server cannot start otherwise or ends by itself.
 */
export async function serve(config: Config, deps: ServeDeps): Promise<number> {
  const stop = watchSignals(deps)
  // Without anything to read again a hang-up ends the server, as it does when a terminal is closed.
  const hangups = config.tls.certificate === undefined ? undefined : watchHangups(deps)
  try {
    let server
    try {
      server = await deps.startServer(config)
    } catch (error) {
      deps.printError(describeStartFailure(error, config, deps.say))
      return isConfigFault(error) ? 2 : 1
    }
    deps.print(welcome(server, config, deps))
    hangups?.answerWith(() => void server.reload?.())
    return await untilStopped(server, stop.asked, deps)
  } finally {
    hangups?.release()
    stop.release()
  }
}

/** One that comes before there is a server to reload is answered then: it must not end the process, and not be lost. */
function watchHangups({ onHangup }: ServeDeps) {
  let answer: (() => void) | undefined
  let came = false
  const release = onHangup(() => {
    came = true
    answer?.()
  })
  const answerWith = (reload: () => void): void => {
    answer = reload
    if (came) reload()
  }
  return { answerWith, release }
}

/**
 * Signals closer together than this, in milliseconds, are one: under `npm start` a single Ctrl-C arrives twice, from the terminal
 * and again from npm, and would end the server without the orderly stop.
 */
const sameSignal = 500

/** The first signal asks for an orderly stop, also while the server is starting; the second ends the process at once. */
function watchSignals(deps: ServeDeps): { readonly asked: Promise<'asked'>; release(): void } {
  const { promise, resolve } = Promise.withResolvers<'asked'>()
  let askedAt: number | undefined
  const release = deps.onSignal((signal) => {
    if (askedAt === undefined) {
      askedAt = deps.monotonic()
      deps.printError(`${deps.say('serve.stopping')}\n`)
      resolve('asked')
    } else if (deps.monotonic() - askedAt >= sameSignal) {
      deps.exit(signalCodes[signal])
    }
  })
  return { asked: promise, release }
}

async function untilStopped(server: RunningServer, asked: Promise<'asked'>, { say, printError }: ServeDeps): Promise<number> {
  try {
    if ((await Promise.race([asked, server.closed])) !== 'asked') {
      printError(`${say('serve.ended')}\n`)
      return 1
    }
    await server.close()
    return 0
  } catch (error) {
    printError(`${say('serve.stop-failed', { reason: error instanceof Error ? error.message : String(error) })}\n`)
    return 1
  }
}

/** What a person needs to know now: the address, where the data is, the lines to type next. */
function welcome({ url, opsUrl, firstAdmin }: RunningServer, config: Config, { say, version }: ServeDeps): string {
  if (url === undefined) return `${[say('serve.working', { version }), ...places(config, opsUrl, say), ...aboutFirst(firstAdmin, say), '', say('serve.stop')].join('\n')}\n`
  const { host } = config.listen
  const local = isLoopback(host)
  // The wildcard addresses are nobody's: on this machine the same server answers on loopback, which docker trusts without TLS.
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : formatHost(host)
  const tls = url.startsWith('https:')
  const address = `${reachable}:${new URL(url).port || (tls ? '443' : '80')}`
  const lines = [
    ...(config.open ? [say('serve.open')] : []),
    say('serve.ready', { version, url }),
    ...places(config, opsUrl, say),
    ...aboutFirst(firstAdmin, say),
    '',
    say('serve.next'),
    ...(config.open ? [] : [`  docker login ${address}`]),
    '  docker pull alpine',
    `  docker tag alpine ${address}/alpine`,
    `  docker push ${address}/alpine`,
    `  docker pull ${address}/alpine`,
    '',
    ...(local || tls ? [] : [say('serve.insecure', { address }), '']),
    say('serve.stop'),
  ]
  return `${lines.join('\n')}\n`
}

function places({ data }: Config, opsUrl: string | undefined, say: Say): string[] {
  return [say('serve.data', { data }), ...(opsUrl === undefined ? [] : [say('serve.ops', { url: opsUrl })])]
}

/** The one time that a generated password is shown. */
function aboutFirst(admin: RunningServer['firstAdmin'], say: Say): string[] {
  if (admin === undefined) return []
  const { name, password, file } = admin
  if (password === undefined) return [say('serve.admin-given', { name })]
  return ['', say('serve.admin', { name, password }), say('serve.admin-file', { file })]
}
