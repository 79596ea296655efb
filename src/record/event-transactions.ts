import { statement, type Tx } from '../database/index.ts'

/** One change of what a read may answer, as audit, webhooks, caches, usage and recovery will read it. */
export interface Event {
  /** What happened: `manifest.put`, `blob.commit`, `link.collect` ... */
  readonly kind: string
  /** Who did it; absent for anonymous callers and for Berth itself. */
  readonly actor: EventActor | undefined
  /** Absent where the change belongs to no repository. */
  readonly repositoryId: number | undefined
  /** Names everything whose answer may have changed: digests, tags, children, a repository that was created. */
  readonly keys: Readonly<Record<string, unknown>>
}

export interface EventActor {
  readonly identity: string | undefined
  readonly address: string
  /** The version of rights under which it was let in, where what it does must not be done once that has moved: see `bumpDecided` and `holdDecided`. */
  readonly decidedAt?: number | undefined
}

const append = statement(`
  insert into event (operation_id, kind, at, actor, address, repository_id, keys, result)
  values ($1, $2, $3, $4, $5, $6, $7, $8)`)

/**
 * Appends the one event row of the running operation and answers `result`. The row holds the result too, so that the same
 * operation, run a second time, answers the same.
 */
export async function record<Result>(tx: Tx, event: Event, result: Result): Promise<{ ok: Result }> {
  await tx.run(
    append,
    tx.operationId,
    event.kind,
    tx.now,
    event.actor?.identity ?? null,
    event.actor?.address ?? null,
    event.repositoryId ?? null,
    JSON.stringify(event.keys),
    JSON.stringify(result),
  )
  return { ok: result }
}
