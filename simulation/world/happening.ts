/** What happened in a run, as the detectors of named interleavings and the chaos see it. `step` orders everything. */
export type Happening = { readonly step: number; readonly process: string } & (
  | { readonly kind: 'begin'; readonly call: Call }
  | { readonly kind: 'end'; readonly call: Call; readonly outcome: CallOutcome }
  | { readonly kind: 'transaction'; readonly name: string; readonly keys: Keys; readonly outcome: 'ok' | 'refused'; readonly result: unknown }
  | { readonly kind: 'replied'; readonly name: string; readonly keys: Keys }
  | { readonly kind: 'file'; readonly op: string; readonly path: string; readonly failed: boolean }
  | { readonly kind: 'crash'; readonly power: boolean }
)

/** What a transaction is about. */
export interface Keys {
  readonly repository?: string | undefined
  readonly from?: string | undefined
  readonly digest?: string | undefined
  readonly upload?: string | undefined
  readonly object?: string | undefined
  readonly tags?: readonly string[] | undefined
  /** Its number in the trash, and what it is. */
  readonly trash?: number | undefined
  readonly kind?: string | undefined
  readonly job?: number | undefined
  /** Which run of the job, and which of its steps. */
  readonly claim?: string | undefined
  readonly part?: number | undefined
  /** A moment that is asked about, in ms since the epoch. */
  readonly at?: number | undefined
}

export type Operation =
  | 'blob.head'
  | 'blob.get'
  | 'blob.mount'
  | 'blob.delete'
  | 'upload.begin'
  | 'upload.status'
  | 'upload.append'
  | 'upload.finish'
  | 'upload.whole'
  | 'manifest.head'
  | 'manifest.get'
  | 'manifest.put'
  | 'manifest.delete'
  | 'tag.delete'
  | 'tag.revert'
  | 'tag.history'
  | 'tag.at'
  | 'trash.list'
  | 'trash.show'
  | 'trash.restore'
  | 'trash.purge'
  | 'repository.delete'
  | 'repository.trash'
  | 'repository.restore'
  | 'repository.purge'
  | 'job.queue'
  | 'job.cancel'
  | 'schedule.create'

/** One request as a server got it. */
export interface Call {
  readonly id: number
  readonly client: string
  readonly operation: Operation
  readonly keys: Keys
  /** Digests that a manifest names. */
  readonly children: readonly string[]
  readonly step: number
  readonly time: number
}

/**
 * `crashed`: the server died under it. `failed`: a 5xx, it may have taken place; `defect` when no fault explains it. `refused`: a
 * 4xx.
 */
export type CallOutcome =
  | { readonly was: 'ok'; readonly result: unknown }
  | { readonly was: 'crashed' }
  | { readonly was: 'failed'; readonly code: string; readonly defect: unknown }
  | { readonly was: 'refused'; readonly code: string; readonly missing: readonly string[] }

export interface Happenings {
  tell(happening: Happening): void
  listen(listener: (happening: Happening) => void): void
}

export function createHappenings(): Happenings {
  const listeners: ((happening: Happening) => void)[] = []
  return Object.freeze<Happenings>({
    tell: (happening) => listeners.forEach((listener) => listener(happening)),
    listen: (listener) => void listeners.push(listener),
  })
}
