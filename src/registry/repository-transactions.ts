import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { record, type EventActor } from '../record/index.ts'
import { discard, takeOut, type TrashRow } from './trash-store.ts'

/** A repository goes, comes back, and goes for good. What is in it is not touched before that: its rows hold what they name. */

interface RepositoryRow {
  readonly id: number
  readonly namespace_id: number
  readonly path: string
  readonly state: 'live' | 'frozen' | 'deleting'
  readonly namespace_state: 'live' | 'frozen' | 'deleting'
  readonly project: string
}

const row = `
  select r.id, r.namespace_id, r.path, r.state, n.state as namespace_state, n.name as project
  from repository r join namespace n on n.id = r.namespace_id`
// Waits for the writes that began before; those that come after find no such repository.
const lockPresent = statement<RepositoryRow>(`
  ${row} where r.path = $1 and r.deleted_at is null and n.deleted_at is null for update of r for share of n`)
const lockDeleted = statement<RepositoryRow>(`
  ${row} where r.id = $1 and r.deleted_at is not null and n.deleted_at is null for update of r for share of n`)
const hide = statement('update repository set deleted_at = $2, state = $3 where id = $1')

export interface DeleteRepositoryInput {
  readonly repository: string
  /** Id of the project in which it was allowed. */
  readonly project: number
  /** Ms for which it can be brought back; 0: not at all. */
  readonly retention: number
  readonly actor: EventActor
}

/** In the trash under this number, until then, in ms since the epoch. */
export interface DiscardedRepository {
  readonly trash: number
  readonly purgeAt: number
}

/**
 * Nobody finds the repository once this is committed, and another one may be made under its path. Without a retention it is due at
 * once, for `clear repository`.
 */
export const deleteRepository = transaction(
  'delete repository',
  async (tx: Tx, input: DeleteRepositoryInput): Promise<Outcome<DiscardedRepository>> => {
    const repository = await tx.one(lockPresent, input.repository)
    if (repository === undefined) return { refused: 'NAME_UNKNOWN' }
    if (repository.namespace_id !== input.project) return { refused: 'UNAVAILABLE' }
    const refusal = barrier(repository)
    if (refusal !== undefined) return refusal
    const { id, namespace_id: namespaceId, path } = repository
    await tx.run(hide, id, tx.now, input.retention === 0 ? 'deleting' : 'live')
    const what = { kind: 'repository', namespaceId, repositoryId: id, path } as const
    const trash = await discard(tx, what, { cause: 'person', by: input.actor.identity, retention: input.retention })
    const kept = { trash, purgeAt: tx.now + input.retention }
    return await record(tx, { kind: 'repository.delete', actor: input.actor, repositoryId: id, keys: { repository: path, ...kept } }, kept)
  },
)

function barrier({ state, namespace_state: ofProject }: RepositoryRow): Refusal | undefined {
  if (ofProject === 'deleting' || state === 'deleting') return { refused: 'NAME_UNKNOWN' }
  if (ofProject === 'frozen') return { refused: 'PROJECT_ARCHIVED' }
  return state === 'frozen' ? { refused: 'REPOSITORY_FROZEN' } : undefined
}

const lockTrash = statement<Pick<TrashRow, 'id' | 'kind' | 'repository_id' | 'namespace_id'>>(`
  select id, kind, repository_id, namespace_id from trash where id = $1 for update`)
// The insert decides: of two that want one path at once the second waits here, and then inserts nothing.
const takePath = statement<{ id: number }>(`
  insert into repository (namespace_id, path, created_at) values ($1, $2, $3)
  on conflict (path) where deleted_at is null do nothing returning id`)
const leavePath = statement('delete from repository where id = $1')
const show = statement('update repository set deleted_at = null, path = $2 where id = $1')

/** As long as the name of a repository may be. */
const mostCharacters = 255

/** Which of what is in the trash, by whom. */
export interface TrashCommand {
  readonly trash: number
  /** Id of the project in which it was allowed. */
  readonly project: number
  readonly actor: EventActor
}

/** Brings a repository back with all that was in it, under the path that it had, in the project as it is called now. */
export const restoreRepository = transaction(
  'restore repository',
  async (tx: Tx, input: TrashCommand): Promise<Outcome<{ readonly repository: string }>> => {
    const repository = await lockDiscarded(tx, input)
    if (repository === undefined) return absent
    const refusal = obstacle(repository)
    if (refusal !== undefined) return refusal
    const { id, namespace_id: namespaceId, path: former, project } = repository
    const path = `${project}${former.slice(`${former}/`.indexOf('/'))}`
    if (path.length > mostCharacters) return { refused: 'PATH_TOO_LONG', detail: { path, limit: mostCharacters } }
    const place = await tx.one(takePath, namespaceId, path, tx.now)
    if (place === undefined) return { refused: 'REPOSITORY_EXISTS', detail: { repository: path } }
    await tx.run(leavePath, place.id)
    await tx.run(show, id, path)
    await takeOut(tx, input.trash)
    const keys = { repository: path, trash: input.trash }
    return await record(tx, { kind: 'repository.restore', actor: input.actor, repositoryId: id, keys }, { repository: path })
  },
)

/** Nothing of that number is in the trash, or it is being purged. */
const absent: Refusal = Object.freeze({ refused: 'TRASH_UNKNOWN' })

function obstacle({ state, project, namespace_state: ofProject }: RepositoryRow): Refusal | undefined {
  if (state === 'deleting') return absent
  if (ofProject === 'deleting') return { refused: 'PROJECT_IN_TRASH', detail: { project } }
  return ofProject === 'frozen' ? { refused: 'PROJECT_ARCHIVED' } : undefined
}

async function lockDiscarded(tx: Tx, { trash, project }: TrashCommand): Promise<RepositoryRow | undefined> {
  const found = await tx.one(lockTrash, trash)
  if (found?.kind !== 'repository' || found.repository_id === null || found.namespace_id !== project) return undefined
  return await tx.one(lockDeleted, found.repository_id)
}

const setDue = statement('update trash set purge_at = $2 where id = $1 and purge_at > $2')
const beginClearing = statement(`update repository set state = 'deleting' where id = $1`)

/** Nobody can bring it back once this is committed; `clear repository` removes what is in it, step by step. */
export const purgeRepository = transaction('purge repository', async (tx: Tx, input: TrashCommand): Promise<Outcome<null>> => {
  const repository = await lockDiscarded(tx, input)
  if (repository === undefined || repository.state === 'deleting') return absent
  if (repository.namespace_state === 'frozen') return { refused: 'PROJECT_ARCHIVED' }
  await tx.run(beginClearing, repository.id)
  await tx.run(setDue, input.trash, tx.now)
  const keys = { repository: repository.path, trash: input.trash }
  return await record(tx, { kind: 'repository.purge', actor: input.actor, repositoryId: repository.id, keys }, null)
})
