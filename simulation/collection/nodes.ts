import { type Answer, type Client, createClient, Lost, type Message, Violation } from '../rig/client.ts'
import type { Machine } from '../rig/machine.ts'
import type { Random } from '../rig/random.ts'
import { type ServerProcess, startServer } from '../rig/server-process.ts'

export interface NodesOptions {
  readonly machine: Machine
  readonly settings: Readonly<Record<string, string>>
  /** Of a process each, on one data directory. */
  readonly roles: readonly string[]
}

interface Node {
  readonly role: string
  server: ServerProcess
  client: Client
  /** Resolves when it can be asked: pending while it is started again. */
  up: Promise<void>
  crashes: number
}

/** The processes under test, and clients that stay with them when they crash. */
export class Nodes {
  readonly #options: NodesOptions
  readonly #nodes: Node[] = []
  #settings: Readonly<Record<string, string>> = {}

  constructor(options: NodesOptions) {
    this.#options = options
  }

  async start(settings: Readonly<Record<string, string>>): Promise<void> {
    this.#settings = settings
    this.#nodes.length = 0
    for (const role of this.#options.roles) {
      const server = await this.#launch(role)
      this.#nodes.push({ role, server, client: createClient(server.url), up: Promise.resolve(), crashes: 0 })
    }
  }

  async stop(): Promise<void> {
    for (const { server } of this.#nodes.toReversed()) await server.stop()
  }

  /** So many since the start. */
  get crashes(): number {
    return this.#nodes.reduce((sum, node) => sum + node.crashes, 0)
  }

  /** One of them crashes, and is started again. */
  async crash(random: Random): Promise<void> {
    const node = random.pick(this.#nodes)
    const again = Promise.withResolvers<void>()
    node.up = again.promise
    node.up.catch(() => undefined)
    node.crashes++
    try {
      if (!node.server.running) throw new Violation('the server ended by itself')
      await this.#options.machine.crash(node.server)
      node.server = await this.#launch(node.role)
      node.client = createClient(node.server.url)
      again.resolve()
    } catch (error) {
      again.reject(error)
      throw error
    }
  }

  /** Any request may go to any of them. What a crash left without an answer is asked again, where that is possible. */
  client(random: Random): Client {
    return { send: (method, path, message) => send(random.pick(this.#nodes), method, path, message) }
  }

  /** What they logged last, for a person. */
  get said(): string {
    return this.#nodes.map(({ server }) => server.output.slice(-4_000)).join('\n')
  }

  /** Nothing stays behind, whatever happened. */
  async end(): Promise<void> {
    for (const { server } of this.#nodes) if (server.running) await server.kill()
  }

  async #launch(role: string): Promise<ServerProcess> {
    const { machine, settings } = this.#options
    return await startServer({ ...machine.server, settings: { ...settings, ...this.#settings, BERTH_ROLE: role } })
  }
}

async function send(node: Node, method: string, path: string, message: Message | undefined): Promise<Answer> {
  for (let asked = 0; ; asked++) {
    await node.up
    const { crashes, client } = node
    try {
      const answer = await client.send(method, path, message)
      // It took place, and its answer was lost.
      return method === 'DELETE' && asked > 0 && answer.status === 404 ? { ...answer, status: 202 } : answer
    } catch (error) {
      if (!(error instanceof Lost) || node.crashes === crashes || message?.body instanceof ReadableStream) throw error
    }
  }
}
