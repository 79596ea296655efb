import { DatabaseError } from '../../src/database/index.ts'
import { CodedError } from '../../src/lib/index.ts'
import { RegistryError } from '../../src/oci/index.ts'
import type { UploadBody } from '../../src/registry/index.ts'
import type { Faults } from './faults.ts'
import type { Call, CallOutcome, Happenings, Keys, Operation } from './happening.ts'
import { isInjected } from './injected.ts'
import type { Life, Scheduler } from './scheduler.ts'
import type { Ports, Server } from './server.ts'

/** What a client asks for. `run` may happen twice: networks repeat things. */
export interface Request<Result> {
  readonly operation: Operation
  readonly keys: Keys
  readonly children?: readonly string[]
  readonly body?: RequestBody
  /** Nothing that comes twice may change what the sender means: then the network does not repeat it. */
  readonly once?: boolean
  /** It is not given up while it goes on: nobody else is to meet what it does late. */
  readonly alone?: boolean
  run(ports: Ports, body: UploadBody): Promise<Result>
}

export interface RequestBody {
  readonly bytes: Uint8Array
  readonly first?: number
  /** Bytes of a chunk. */
  readonly pieces: number
}

/** No answer came: whether the server did what it was asked is unknown to the client. */
export class Lost extends Error {}

/** The server said no. */
export class Refused extends Error {
  readonly code: string
  readonly missing: readonly string[]

  constructor(error: RegistryError | CodedError<string>) {
    super(`${error.code}: ${error.message}`)
    this.code = error.code
    this.missing = missingOf(error)
  }
}

export interface NetworkDeps {
  readonly scheduler: Scheduler
  readonly faults: Faults
  readonly happenings: Happenings
  readonly servers: readonly Server[]
  /** The world outside the servers. */
  readonly outside: Life
}

type Settled<Result> = { readonly result: Result } | { readonly error: unknown } | { readonly lost: true }

/** Between clients and servers: requests, answers and parts of bodies get lost, requests come twice. */
export class Network {
  readonly #deps: NetworkDeps
  readonly #underWay = new Map<Life, Set<() => void>>()
  #calls = 0
  #sent = 0

  constructor(deps: NetworkDeps) {
    this.#deps = deps
  }

  /** Requests that clients made. */
  get sent(): number {
    return this.#sent
  }

  /** Fails with Refused, or with Lost. */
  async send<Result>(client: string, request: Request<Result>): Promise<Result> {
    const { scheduler, faults, outside, servers } = this.#deps
    this.#sent++
    await scheduler.turn(outside, `${client} sends ${request.operation}`)
    const server = faults.random.pick(servers)
    if (server.ports === undefined || faults.strikes('loseRequest')) throw new Lost(request.operation)
    const connection = { open: true }
    const answer = this.#deliver(server, client, request, connection)
    if (request.once !== true && faults.strikes('duplicate')) void this.#repeat(client, request)
    const impatient = request.alone !== true && (faults.strikes('impatience') || (request.body !== undefined && this.#isHasty()))
    const settled = impatient ? await this.#firstOf(answer, connection) : await answer
    if ('lost' in settled || faults.strikes('loseReply')) throw new Lost(request.operation)
    if ('result' in settled) return settled.result
    const { error } = settled
    // Over HTTP this is a 503.
    if (error instanceof DatabaseError) throw new Lost(request.operation, { cause: error })
    throw error instanceof RegistryError || error instanceof CodedError ? new Refused(error) : error
  }

  /** The process is dead: whoever waits for it learns so. */
  cut(life: Life): void {
    for (const lose of this.#underWay.get(life) ?? []) lose()
    this.#underWay.delete(life)
  }

  /** Clients do not wait for ever: that is no fault. */
  #isHasty(): boolean {
    const { faults } = this.#deps
    return !faults.calm && faults.random.chance(0.35)
  }

  async #repeat<Result>(client: string, request: Request<Result>): Promise<void> {
    await this.#deps.scheduler.turn(this.#deps.outside, `${client}'s ${request.operation} comes again`)
    await this.#deliver(this.#deps.faults.random.pick(this.#deps.servers), client, request, { open: true })
  }

  /** The client gives up after a while; its connection breaks, or a proxy goes on sending. */
  async #firstOf<Result>(answer: Promise<Settled<Result>>, connection: { open: boolean }): Promise<Settled<Result>> {
    const { scheduler, faults, outside } = this.#deps
    const patience = async (): Promise<Settled<Result>> => {
      for (let left = faults.random.between(1, 14); left > 0; left--) await scheduler.turn(outside, 'waits')
      connection.open = faults.random.chance(0.5)
      return { lost: true }
    }
    return await Promise.race([answer, patience()])
  }

  async #deliver<Result>(
    server: Server,
    client: string,
    request: Request<Result>,
    connection: { readonly open: boolean },
  ): Promise<Settled<Result>> {
    const { scheduler, happenings } = this.#deps
    const { ports, life } = server
    if (ports === undefined || life === undefined) return { lost: true }
    const { operation, keys, children = [] } = request
    const call: Call = { id: ++this.#calls, client, operation, keys, children, step: scheduler.steps, time: scheduler.now }
    const tell = (happening: { kind: 'begin' } | { kind: 'end'; outcome: CallOutcome }): void =>
      happenings.tell({ ...happening, call, process: life.name, step: scheduler.steps })
    tell({ kind: 'begin' })
    const crashed = Promise.withResolvers<Settled<Result>>()
    const lose = (): void => {
      tell({ kind: 'end', outcome: { was: 'crashed' } })
      crashed.resolve({ lost: true })
    }
    this.#registerWait(life, lose)
    const settled = await Promise.race([crashed.promise, this.#run(request, ports, life, connection)])
    if (life.ended || 'lost' in settled) return settled
    this.#underWay.get(life)?.delete(lose)
    tell({ kind: 'end', outcome: outcomeOf(settled) })
    await scheduler.turn(this.#deps.outside, `${server.name} answers ${operation}`)
    return settled
  }

  #registerWait(life: Life, lose: () => void): void {
    const waiting = this.#underWay.get(life) ?? new Set()
    this.#underWay.set(life, waiting.add(lose))
  }

  async #run<Result>(
    request: Request<Result>,
    ports: Ports,
    life: Life,
    connection: { readonly open: boolean },
  ): Promise<Settled<Result>> {
    try {
      return { result: await request.run(ports, this.#bodyOf(request.body, life, connection)) }
    } catch (error) {
      return { error }
    }
  }

  #bodyOf(body: RequestBody | undefined, life: Life, connection: { readonly open: boolean }): UploadBody {
    if (body === undefined) return { stream: null, length: 0, range: undefined }
    const { bytes, first, pieces } = body
    const { scheduler, faults } = this.#deps
    const cutAt = faults.strikes('cutBody') ? faults.random.below(bytes.length) : undefined
    const piece = Math.ceil(bytes.length / pieces)
    let sent = 0
    const pull = async (controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> => {
      await scheduler.turn(life, 'gets a chunk')
      const end = Math.min(sent + piece, cutAt ?? bytes.length)
      if (end > sent) controller.enqueue(bytes.slice(sent, end))
      sent = end
      if (sent === cutAt || !connection.open) controller.error(new Error('the simulated connection broke'))
      else if (sent === bytes.length) controller.close()
    }
    const range = first === undefined ? undefined : { first, last: first + bytes.length - 1 }
    return { stream: new ReadableStream({ pull }, { highWaterMark: 0 }), length: bytes.length, range }
  }
}

function outcomeOf(settled: { readonly result: unknown } | { readonly error: unknown }): CallOutcome {
  if ('result' in settled) return { was: 'ok', result: settled.result }
  const { error } = settled
  // A transfer that broke: what its bytes were is for whoever got them.
  if (error instanceof Lost) return { was: 'failed', code: 'BROKEN', defect: undefined }
  if (error instanceof CodedError) return { was: 'refused', code: error.code, missing: [] }
  if (error instanceof DatabaseError) return { was: 'failed', code: error.code, defect: isInjected(error) ? undefined : error }
  if (!(error instanceof RegistryError)) return { was: 'failed', code: 'not a RegistryError', defect: error }
  if (error.status < 500) return { was: 'refused', code: error.code, missing: missingOf(error) }
  return { was: 'failed', code: error.code, defect: isInjected(error) ? undefined : error }
}

function missingOf(error: RegistryError | CodedError<string>): readonly string[] {
  if (error instanceof CodedError || error.code !== 'MANIFEST_BLOB_UNKNOWN') return []
  return error.entries.map(({ detail }) => String((detail as { digest?: unknown } | undefined)?.digest))
}
