import type { Call, Happening } from './happening.ts'

export interface SessionTimes {
  readonly now: () => number
  readonly expiry: number
}

interface Session {
  acknowledged: { readonly step: number; readonly offset: number }[]
  /** Its expiry counts from here. */
  heardOf: number
  /** The call that is to end it; `several` once it came again. */
  finishing: number | 'several' | undefined
}

/** Files may lose what was written to them, or refuse it: then a session may end early. */
export interface DiskTrouble {
  readonly possible: boolean
}

/**
 * What was promised of upload sessions: bytes answered with 202 stay, and a session stays until it expires or somebody ends
 * it, through any crash that leaves the disk alone.
 */
export class Sessions {
  readonly #times: SessionTimes
  readonly #trouble: DiskTrouble
  readonly #sessions = new Map<string, Session>()
  #powerWasCut = false
  #violation: string | undefined

  constructor(times: SessionTimes, trouble: DiskTrouble) {
    this.#times = times
    this.#trouble = trouble
  }

  /** The first promise that was broken. */
  get violation(): string | undefined {
    return this.#violation
  }

  listen(happening: Happening): void {
    if (happening.kind === 'crash' && happening.power) this.#powerWasCut = true
    if (happening.kind === 'begin' && happening.call.operation === 'upload.finish') this.#finishing(happening.call)
    if (happening.kind !== 'end') return
    const { call, outcome, step } = happening
    if (outcome.was === 'ok') this.#answered(call, outcome.result, step)
    if (outcome.was === 'refused' && outcome.code === 'BLOB_UPLOAD_UNKNOWN') this.#unknown(call)
  }

  #finishing(call: Call): void {
    const session = this.#of(call)
    session.finishing = session.finishing === undefined ? call.id : 'several'
  }

  #of({ keys, time }: Call): Session {
    const upload = keys.upload ?? ''
    const known = this.#sessions.get(upload)
    if (known !== undefined) return known
    const session: Session = { acknowledged: [], heardOf: time, finishing: undefined }
    this.#sessions.set(upload, session)
    return session
  }

  #answered(call: Call, result: unknown, step: number): void {
    const { operation, keys, time } = call
    if (operation === 'upload.begin') this.#of({ ...call, keys: { ...keys, upload: String(result) } })
    if (operation !== 'upload.append' && operation !== 'upload.status') return
    const session = this.#of(call)
    const offset = Number(result)
    const lost = session.acknowledged.find((before) => before.step < call.step && before.offset > offset)
    if (lost !== undefined) this.#break(call, `${offset} bytes are said to be there; step ${lost.step} acknowledged ${lost.offset}`)
    session.acknowledged.push({ step, offset })
    if (operation === 'upload.append') session.heardOf = Math.max(session.heardOf, time)
  }

  #unknown(call: Call): void {
    if (!['upload.append', 'upload.status', 'upload.finish'].includes(call.operation)) return
    const { heardOf, finishing } = this.#of(call)
    const ended = finishing !== undefined && finishing !== call.id
    if (ended || this.#times.now() >= heardOf + this.#times.expiry) return
    const bytesMayBeGone = call.operation !== 'upload.status' && (this.#trouble.possible || this.#powerWasCut)
    if (!bytesMayBeGone) this.#break(call, 'the session is gone before its time')
  }

  #break({ operation, client, id, keys }: Call, what: string): void {
    this.#violation ??= `${operation} of ${client} (call ${id}) on the upload ${keys.upload}: ${what}`
  }
}
