import type { Happening, Keys } from './happening.ts'

export interface JobTimes {
  readonly now: () => number
  /** For how long a job is a worker's without a heartbeat, in ms. */
  readonly lease: number
}

/** A job as it is kept. */
export interface JobRow {
  readonly id: number
  readonly kind: string
  readonly state: string
  readonly attempt: number
  readonly most_attempts: number
  /** Steps of it that took effect. */
  readonly steps: number
}

interface Holder {
  readonly claim: string
  /** When its lease ends. */
  until: number
}

interface Claimed {
  readonly run: { readonly claim: string }
  readonly kind: string
  readonly payload: string
}

export const stepsName = 'test.steps'

/**
 * What is promised of jobs: one that was queued is run until it has ended, by one worker at a time, and each of its steps takes effect once,
 * in their order, whoever is killed meanwhile.
 */
export class JobLedger {
  readonly #times: JobTimes
  readonly #holders = new Map<number, Holder>()
  readonly #steps = new Map<number, number>()
  readonly #wanted = new Map<number, number>()
  readonly #over = new Set<number>()
  readonly #queued = new Set<number>()
  readonly #cancelled = new Set<number>()
  #violation: string | undefined

  constructor(times: JobTimes) {
    this.#times = times
  }

  /** The first promise that was broken. */
  get violation(): string | undefined {
    return this.#violation
  }

  listen(happening: Happening): void {
    const { kind } = happening
    if (kind === 'begin' && happening.call.operation === 'job.cancel') this.#cancelled.add(happening.call.keys.job ?? 0)
    if (kind === 'end' && happening.call.operation === 'job.queue' && happening.outcome.was === 'ok') {
      this.#queued.add((happening.outcome.result as { readonly id: number }).id)
    }
    if (kind === 'transaction' && happening.outcome === 'ok' && happening.keys.job !== undefined) {
      this.#done(happening.name, happening.keys.job, happening.keys, happening.result)
    }
  }

  #done(name: string, job: number, { claim, part }: Keys, result: unknown): void {
    if (name === 'claim job' && result !== null) return this.#claimed(job, result as Claimed)
    if (name === 'cancel job' && result === 'cancelled') return void this.#over.add(job)
    if (!['renew job run', 'end job run', 'make step'].includes(name)) return
    const holder = this.#holders.get(job)
    if (holder?.claim !== claim || holder === undefined) return this.#break(job, `${name} of a run that does not have it`)
    if (holder.until <= this.#times.now()) return this.#break(job, `${name} ${this.#times.now() - holder.until} ms after the end of its lease`)
    if (name === 'renew job run') holder.until = this.#times.now() + this.#times.lease
    if (name === 'make step') this.#made(job, part ?? 0)
    if (name === 'end job run') this.#ended(job, result as string)
  }

  #claimed(job: number, { run: { claim }, kind, payload }: Claimed): void {
    const holder = this.#holders.get(job)
    if (this.#over.has(job)) this.#break(job, 'it is run again, and had ended')
    if (holder !== undefined && holder.until > this.#times.now()) this.#break(job, 'two workers run it at a time')
    this.#holders.set(job, { claim, until: this.#times.now() + this.#times.lease })
    if (kind === stepsName) this.#wanted.set(job, (JSON.parse(payload) as { readonly steps: number }).steps)
  }

  #made(job: number, step: number): void {
    const before = this.#steps.get(job) ?? 0
    if (step !== before + 1) this.#break(job, `step ${step} takes effect after step ${before}`)
    this.#steps.set(job, step)
  }

  #ended(job: number, state: string): void {
    this.#holders.delete(job)
    if (state !== 'queued') this.#over.add(job)
    const made = this.#steps.get(job) ?? 0
    if (state === 'done' && made !== (this.#wanted.get(job) ?? 0)) this.#break(job, `it is done after ${made} of ${this.#wanted.get(job)} steps`)
  }

  /** What is wrong in the end, when every job had its time. */
  judge(rows: readonly JobRow[]): string[] {
    const kept = new Map(rows.map((row) => [row.id, row]))
    const lost = [...this.#queued].filter((id) => !kept.has(id)).map((id) => `job ${id} was queued and is not there`)
    const wrong = [...kept.values()].flatMap((row) => this.#problemsOf(row).map((what) => `job ${row.id} (${row.kind}): ${what}`))
    return [...lost, ...wrong]
  }

  #problemsOf({ id, kind, state, steps, attempt, most_attempts }: JobRow): string[] {
    const problems = []
    if (this.#queued.has(id) && (state === 'queued' || state === 'running')) problems.push(`it is still ${state}`)
    if (state === 'cancelled' && !this.#cancelled.has(id)) problems.push('nobody cancelled it')
    // A run that fails after it was asked to end is not followed by another one.
    if (state === 'failed' && !this.#cancelled.has(id) && (kind === stepsName || attempt < most_attempts)) problems.push(`it failed in run ${attempt} of ${most_attempts}`)
    if (steps !== (this.#steps.get(id) ?? 0)) problems.push(`${steps} of its steps took effect, and ${this.#steps.get(id) ?? 0} were made`)
    return problems
  }

  #break(job: number, what: string): void {
    this.#violation ??= `job ${job}: ${what}`
  }
}
