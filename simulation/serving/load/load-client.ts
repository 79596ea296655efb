import { type Answer, HttpConnection, type Request } from '../../../bench/load/index.ts'
import { Violation } from '../../rig/client.ts'
import { Latencies } from './latencies.ts'

/** What all clients of one phase saw. */
export class Tally {
  /** By what was asked for. */
  readonly latencies = new Map<string, Latencies>()
  /** Refused for too much load, by status. */
  readonly shed = new Map<number, number>()
  /** Ms that refusing took. */
  readonly refusals = new Latencies()
  /** Answers that said that they are the last on their connection. */
  farewells = 0
  images = 0

  took(what: string, ms: number): void {
    let own = this.latencies.get(what)
    if (own === undefined) this.latencies.set(what, (own = new Latencies()))
    own.add(ms)
  }

  figures(seconds: number) {
    const requests = [...this.latencies.values()].reduce((sum, { count }) => sum + count, 0)
    return {
      imagesPerSecond: Math.round(this.images / seconds),
      requestsPerSecond: Math.round(requests / seconds),
      latencies: Object.fromEntries([...this.latencies].map(([what, own]) => [what, own.figures()])),
      shed: Object.fromEntries(this.shed),
      refusals: this.refusals.figures(),
    }
  }
}

export type PhaseFigures = ReturnType<Tally['figures']>

/** Told to a client that waits before it asks again. */
export interface Phase {
  readonly tally: Tally
  readonly over: () => boolean
}

/** The phase ended while this client was asked to come later, or the server ends. */
export class PhaseOver extends Error {}

/** A client on one connection that does as it is told when it is refused. Whatever is not as it must be fails the rig. */
export class LoadClient {
  readonly #connection: HttpConnection
  #told = false

  private constructor(connection: HttpConnection) {
    this.#connection = connection
  }

  static async open(port: number): Promise<LoadClient> {
    return new LoadClient(await HttpConnection.open(port))
  }

  /** @throws Violation for every status that is neither the expected one nor a refusal in order */
  async ask(phase: Phase, what: string, status: number, request: Request): Promise<Answer> {
    for (;;) {
      const started = performance.now()
      const answer = await this.#send(phase.tally, request)
      const ms = performance.now() - started
      if (answer.status === status) {
        phase.tally.took(what, ms)
        return answer
      }
      const wait = refusalWait(answer, request)
      phase.tally.refusals.add(ms)
      phase.tally.shed.set(answer.status, (phase.tally.shed.get(answer.status) ?? 0) + 1)
      for (const until = performance.now() + wait * 1000; performance.now() < until; await Bun.sleep(100)) {
        if (phase.over()) throw new PhaseOver()
      }
    }
  }

  /** Does as a client must that is told that an answer is the last one on its connection. */
  async #send(tally: Tally, request: Request): Promise<Answer> {
    if (this.#told) throw new PhaseOver()
    const answer = await this.#connection.request(request)
    if (answer.headers.get('connection')?.toLowerCase() === 'close') {
      this.#told = true
      tally.farewells++
    }
    return answer
  }

  /** Reads and compares every byte. */
  async pull(phase: Phase, what: string, target: string, digest: string, accept = '*/*'): Promise<void> {
    const { body } = await this.ask(phase, what, 200, { method: 'GET', target, headers: { Accept: accept } })
    const actual = `sha256:${new Bun.CryptoHasher('sha256').update(body).digest('hex')}`
    if (actual !== digest) throw new Violation(`${target} gave ${body.byteLength} bytes with the digest ${actual}, not ${digest}`)
  }

  close(): void {
    this.#connection.close()
  }
}

/** Seconds to wait after a refusal that is in order: 429 or 503, with Retry-After, in OCI JSON. Any other answer is a violation. */
function refusalWait({ status, headers, body }: Answer, { method, target }: Request): number {
  const wait = Number(headers.get('retry-after'))
  const text = body.toString().slice(0, 300)
  const code = status === 429 ? 'TOOMANYREQUESTS' : 'UNAVAILABLE'
  if ((status === 429 || status === 503) && wait > 0 && text.includes(`"${code}"`)) return wait
  throw new Violation(`${method} ${target} answered ${status} ${text}`)
}
