import { join } from 'node:path'
import { within } from './poll.ts'

const ownLauncher = join(import.meta.dir, '..', '..', 'berth')
const startLimit = 30_000
const stopLimit = 60_000
const tailSize = 16 * 1024

export interface ServerOptions {
  /** The data directory. */
  readonly data: string
  /** Further `BERTH_*` variables. Nothing else of this process's settings reaches the server. */
  readonly settings?: Readonly<Record<string, string>>
  /** A command that runs the server: it must exec what follows it, so that the process id stays the server's. */
  readonly under?: readonly string[]
  /** Starts another program than this checkout's. */
  readonly launcher?: string
  /** The certificate, in PEM, by which a server that speaks TLS is believed. */
  readonly ca?: string
}

/** Starts the server on a free port. Fails, with what it printed, when it ends or does not answer. */
export async function startServer(options: ServerOptions): Promise<ServerProcess> {
  const server = new ServerProcess(options)
  try {
    await within('the start of the server', startLimit, server.listening())
    return server
  } catch (error) {
    await server.kill()
    throw error
  }
}

/** What rigs delete is gone at once, unless they are about the trash: they count what is freed. */
const withoutTrash = { BERTH_TRASH_RETENTION: '0s' }

/** The real server in a process of its own. */
export class ServerProcess {
  readonly #started = performance.now()
  readonly #child: Bun.Subprocess<'ignore', 'pipe', 'pipe'>
  readonly #announced = Promise.withResolvers<string>()
  readonly #ca: string | undefined
  #output = ''
  #url = ''
  #readyAfter = 0

  constructor({ data, settings = {}, under = [], launcher = ownLauncher, ca }: ServerOptions) {
    this.#ca = ca
    this.#child = Bun.spawn([...under, launcher, 'serve', '--listen', '127.0.0.1:0', '--data', data], {
      cwd: '/',
      env: { PATH: process.env['PATH'], HOME: '/', LANG: 'C', BERTH_LOG_LEVEL: 'warn', BERTH_OPEN: 'true', ...withoutTrash, ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    const drained = Promise.all([this.#drain(this.#child.stdout), this.#drain(this.#child.stderr)])
    const ended = this.#child.exited.then(() => drained)
    void ended.then(() => this.#announced.reject(new Error(`the server ended: ${this.#output}`)))
    // Whoever waits for the announcement sees its failure; nobody has to.
    this.#announced.promise.catch(() => undefined)
  }

  async listening(): Promise<void> {
    this.#url = await this.#announced.promise
    const response = await fetch(`${this.#url}/readyz`, { signal: AbortSignal.timeout(startLimit), ...(this.#ca && { tls: { ca: this.#ca } }) })
    if (response.status !== 200) throw new Error(`/readyz answers ${response.status}: ${await response.text()}`)
    this.#readyAfter = performance.now() - this.#started
  }

  get url(): string {
    return this.#url
  }

  get pid(): number {
    return this.#child.pid
  }

  /** Ms from the start of the process until it answered. */
  get readyAfter(): number {
    return this.#readyAfter
  }

  /** The last it has printed and logged, for a person. */
  get output(): string {
    return this.#output
  }

  /** Absent while it runs, and when a signal ended it. */
  get exitCode(): number | undefined {
    return this.#child.exitCode ?? undefined
  }

  get running(): boolean {
    return this.#child.exitCode === null && this.#child.signalCode === null
  }

  /** kill -9; resolves when the process is gone. */
  async kill(): Promise<void> {
    await this.#end('SIGKILL')
  }

  /** Asks for an orderly end. Fails when the exit code is not 0. */
  async stop(): Promise<void> {
    await this.#end('SIGTERM')
    if (this.#child.exitCode !== 0) throw new Error(`the server ended with ${this.#child.exitCode}: ${this.#output}`)
  }

  async #end(signal: 'SIGKILL' | 'SIGTERM'): Promise<void> {
    this.#child.kill(signal)
    await within(`the end of the server after ${signal}`, stopLimit, this.#child.exited)
  }

  async #drain(stream: ReadableStream<Uint8Array>): Promise<void> {
    const decoder = new TextDecoder()
    for await (const chunk of stream) {
      this.#output = (this.#output + decoder.decode(chunk, { stream: true })).slice(-tailSize)
      const url = / serving on (https?:\/\/127\.0\.0\.1:\d+)\n/.exec(this.#output)?.[1]
      if (url !== undefined) this.#announced.resolve(url)
    }
  }
}
