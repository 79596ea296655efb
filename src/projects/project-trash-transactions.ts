import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { bumpDecided, record, type EventActor } from '../record/index.ts'
import { takeOut, type TrashCommand } from '../registry/index.ts'
import { removeWhatLeadsThere } from './project-store.ts'
import type { ProjectState } from './project.ts'

/** A project in the trash comes back, or goes for good. Until then its rows are as they were but for its state. */

const lockTrash = statement<{ namespace_id: number; purge_at: number; detail: string }>(`
  select namespace_id, purge_at, detail from trash where id = $1 and kind = 'project' for update`)
const lockProject = statement<{ id: number; name: string }>(`
  select id, name from namespace where id = $1 and state = 'deleting' and deleted_at is null for update`)
const setState = statement('update namespace set state = $2 where id = $1')

interface DiscardedProject {
  readonly id: number
  readonly name: string
  readonly purgeAt: number
  /** Before it was deleted. */
  readonly state: ProjectState
}

async function lockDiscarded(tx: Tx, trash: number): Promise<DiscardedProject | undefined> {
  const row = await tx.one(lockTrash, trash)
  const project = row && (await tx.one(lockProject, row.namespace_id))
  return project && { ...project, purgeAt: row.purge_at, ...(JSON.parse(row.detail) as { readonly state: ProjectState }) }
}

const absent: Refusal = Object.freeze({ refused: 'TRASH_UNKNOWN' })

/** Brings back all of it: repositories, grants, robots, rules, and the names that led to it, as far as no project took them since. */
export const restoreProject = transaction('restore project', async (tx: Tx, input: TrashCommand): Promise<Outcome<{ readonly name: string }>> => {
  const found = await lockDiscarded(tx, input.trash)
  if (found === undefined || found.id !== input.project) return absent
  const { id, name, state } = found
  await tx.run(setState, id, state)
  await takeOut(tx, input.trash)
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { project: id, before: null, after: { name, state }, trash: input.trash }
  return await record(tx, { kind: 'project.restore', actor: input.actor, repositoryId: undefined, keys }, { name })
})

export interface PurgeProjectInput extends Partial<TrashCommand> {
  readonly trash: number
  /** Absent: because its time has come, and not before. */
  readonly actor?: EventActor
}

/** Nobody can bring it back once this is committed; `clear project` removes what is in it, step by step, and then its name is free. */
export const purgeProject = transaction('purge project', async (tx: Tx, input: PurgeProjectInput): Promise<Outcome<null>> => {
  const { trash, actor } = input
  const found = await lockDiscarded(tx, trash)
  if (found === undefined || found.id !== (input.project ?? found.id)) return absent
  if (actor === undefined && found.purgeAt > tx.now) return absent
  await removeWhatLeadsThere(tx, found.id)
  await takeOut(tx, trash)
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { project: found.id, name: found.name, trash }
  return await record(tx, { kind: 'project.purge', actor, repositoryId: undefined, keys }, null)
})
