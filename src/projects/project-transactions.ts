import { statement, transaction, type Outcome, type Refusal, type Tx } from '../database/index.ts'
import { bumpDecided, record, type EventActor } from '../record/index.ts'
import { discard } from '../registry/index.ts'
import { projectOf, removeWhatLeadsThere, trashOfProject, type ProjectRow } from './project-store.ts'
import type { Project, ProjectAdmin, ProjectCommand, ProjectState, Visibility } from './project.ts'

/** Every change of a project: one transaction, which ends with the version of the rights and its event. */

const columns = 'id, name, visibility, state, created_at'
// Waits for the writes that began before; those that come after read what is changed here.
const lock = statement<ProjectRow>(`
  select ${columns} from namespace where id = $1 and deleted_at is null and state <> 'deleting' for update`)
const stateOfName = statement<{ id: number; state: ProjectState }>(`
  select id, state from namespace where name = $1 and deleted_at is null`)
const removeAlias = statement('delete from namespace_alias where name = $1')

// The insert decides: of two that want one name at once the second waits here, and then inserts nothing.
const insert = statement<{ id: number }>(`
  insert into namespace (domain_id, name, visibility, created_at) values (1, $1, $2, $3)
  on conflict (name) where deleted_at is null do nothing returning id`)
const grantAdmin = statement(`
  insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at, created_by)
  values ($1, '', 0, $2, $3, 'project-admin', $4, $5)`)

export interface CreateProjectInput {
  readonly name: string
  readonly visibility: Visibility
  /** Gets the role `project-admin` in it. */
  readonly admin: ProjectAdmin | undefined
  readonly actor: EventActor
}

/** Makes a project. Its name is no alias of another one from now on. */
export const createProject = transaction('create project', async (tx: Tx, input: CreateProjectInput): Promise<Outcome<Project>> => {
  const { name, visibility, admin, actor } = input
  const inserted = await tx.one(insert, name, visibility, tx.now)
  if (inserted === undefined) return await taken(tx, name)
  await tx.run(removeAlias, name)
  if (admin !== undefined) await tx.run(grantAdmin, inserted.id, admin.kind, admin.id, tx.now, actor.identity ?? null)
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { project: inserted.id, before: null, after: { name, visibility, admin } }
  const project: Project = { id: inserted.id, name, visibility, state: 'live', createdAt: tx.now }
  return await record(tx, { kind: 'project.create', actor, repositoryId: undefined, keys }, project)
})

async function taken(tx: Tx, name: string): Promise<Refusal> {
  const found = await tx.one(stateOfName, name)
  if (found?.state !== 'deleting') return { refused: 'PROJECT_EXISTS', detail: { name } }
  const kept = await tx.one(trashOfProject, found.id)
  return kept === undefined ? { refused: 'PROJECT_DELETING', detail: { name } } : { refused: 'PROJECT_IN_TRASH', detail: { name, ...kept } }
}

const absent: Refusal = Object.freeze({ refused: 'PROJECT_UNKNOWN' })

const change = statement('update namespace set visibility = $2, state = $3 where id = $1')

export interface ChangeProjectInput extends ProjectCommand {
  readonly visibility?: Visibility | undefined
  /** `frozen`: archived. */
  readonly state?: 'live' | 'frozen' | undefined
}

/** Changes who may see a project, or archives it: then every write in it is refused, since each reads this row under a lock. */
export const changeProject = transaction('change project', async (tx: Tx, input: ChangeProjectInput): Promise<Outcome<Project>> => {
  const project = await tx.one(lock, input.id)
  if (project === undefined) return absent
  const { visibility = project.visibility, state = project.state } = input
  await tx.run(change, project.id, visibility, state)
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const before = { visibility: project.visibility, state: project.state }
  const keys = { project: project.id, name: project.name, before, after: { visibility, state } }
  return await record(tx, { kind: 'project.update', actor: input.actor, repositoryId: undefined, keys }, { ...projectOf(project), visibility, state })
})

// Before the project's row, as pushers do: each of them has its repository when it asks for the project.
const lockRepositories = statement(`
  select count(*) as count from (select id from repository where namespace_id = $1 and deleted_at is null order by path for update) wanted`)
const longestPath = statement<{ length: number }>(`
  select coalesce(max(length(path)), 0) as length from repository where namespace_id = $1 and deleted_at is null`)
const setName = statement('update namespace set name = $2 where id = $1')
const movePaths = statement(`
  update repository set path = $2 || substr(path, $3) where namespace_id = $1 and deleted_at is null`)
const putAlias = statement(`
  insert into namespace_alias (name, namespace_id, created_at) values ($1, $2, $3)
  on conflict (name) do update set namespace_id = excluded.namespace_id, created_at = excluded.created_at`)
const forget = statement('delete from namespace where id = $1')

/** As long as the name of a repository may be. */
const mostCharacters = 255

export interface RenameProjectInput extends ProjectCommand {
  readonly name: string
}

/** Gives a project another name, and its repositories the paths that follow. The old name leads to it until it is taken. */
export const renameProject = transaction('rename project', async (tx: Tx, input: RenameProjectInput): Promise<Outcome<Project>> => {
  await tx.one(lockRepositories, input.id)
  const project = await tx.one(lock, input.id)
  if (project === undefined) return absent
  const { id, name: from } = project
  const { name: to } = input
  if (to !== from) {
    const refusal = (await checkPaths(tx, id, to.length - from.length)) ?? (await freeName(tx, to))
    if (refusal !== undefined) return refusal
    await tx.run(setName, id, to)
    await tx.run(movePaths, id, to, from.length + 1)
    await tx.run(removeAlias, to)
    await tx.run(putAlias, from, id, tx.now)
  }
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { project: id, before: { name: from }, after: { name: to } }
  return await record(tx, { kind: 'project.rename', actor: input.actor, repositoryId: undefined, keys }, { ...projectOf(project), name: to })
})

async function checkPaths(tx: Tx, id: number, longer: number): Promise<Refusal | undefined> {
  const longest = (await tx.one(longestPath, id))?.length ?? 0
  return longest + longer > mostCharacters ? { refused: 'PROJECT_PATH', detail: { longest, limit: mostCharacters } } : undefined
}

/** An update that meets another project of that name would fail; an insert tells, and keeps the name for this transaction. */
async function freeName(tx: Tx, name: string): Promise<Refusal | undefined> {
  const inserted = await tx.one(insert, name, 'private', tx.now)
  if (inserted === undefined) return await taken(tx, name)
  await tx.run(forget, inserted.id)
  return undefined
}

// Tags first: a manifest that is not in the trash could be the last of many to be looked at.
const holdsTag = statement<{ one: number }>(`
  select 1 as one from repository r join tag t on t.repository_id = r.id
  where r.namespace_id = $1 and r.deleted_at is null limit 1`)
const holdsManifest = statement<{ one: number }>(`
  select 1 as one from repository r join manifest m on m.repository_id = r.id
  where r.namespace_id = $1 and r.deleted_at is null and m.deleted_at is null limit 1`)
const holdsTrash = statement<{ one: number }>('select 1 as one from trash where namespace_id = $1 limit 1')
const beginDeletion = statement(`update namespace set state = 'deleting' where id = $1`)

export interface DeleteProjectInput extends ProjectCommand {
  /** Deletes it with all that is in it. */
  readonly force: boolean
  /** Ms for which it can be brought back; 0: not at all. */
  readonly retention: number
}

/**
 * Nothing of the project can be read or written once this is committed, and its name is taken until it is purged: then, or now where there
 * is no retention, nothing leads there any more, and `clear project` removes what is in it, step by step.
 */
export const deleteProject = transaction('delete project', async (tx: Tx, input: DeleteProjectInput): Promise<Outcome<null>> => {
  const project = await tx.one(lock, input.id)
  if (project === undefined) return absent
  const { id, name, visibility, state } = project
  const lost = input.force ? undefined : await wouldLose(tx, input)
  if (lost !== undefined) return { refused: lost, detail: { name } }
  await tx.run(beginDeletion, id)
  const trash = input.retention === 0 ? undefined : await keep(tx, project, input)
  if (trash === undefined) await removeWhatLeadsThere(tx, id)
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { project: id, before: { name, visibility, state }, after: null, force: input.force, trash }
  return await record(tx, { kind: 'project.delete', actor: input.actor, repositoryId: undefined, keys }, null)
})

/** What is in its trash comes back with the project; where the project cannot, that counts too. */
async function wouldLose(tx: Tx, { id, retention }: DeleteProjectInput): Promise<'PROJECT_NOT_EMPTY' | 'PROJECT_HAS_TRASH' | undefined> {
  if ((await tx.one(holdsTag, id)) !== undefined || (await tx.one(holdsManifest, id)) !== undefined) return 'PROJECT_NOT_EMPTY'
  return retention === 0 && (await tx.one(holdsTrash, id)) !== undefined ? 'PROJECT_HAS_TRASH' : undefined
}

/** Its state is kept too: an archived project comes back as one. */
async function keep(tx: Tx, { id, name, state }: ProjectRow, { actor, retention }: DeleteProjectInput): Promise<number> {
  const what = { kind: 'project', namespaceId: id, path: name, detail: { state } } as const
  return await discard(tx, what, { cause: 'person', by: actor.identity, retention })
}
