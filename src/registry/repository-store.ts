import { statement, type Reads, type Refusal, type Tx } from '../database/index.ts'
import { bumpRights } from '../record/index.ts'
import type { MayCreate, ProjectMaker } from './ports.ts'

/** A repository that may be written to, locked in shared mode: its state can't change before this transaction ends. */
export interface LockedRepository {
  readonly id: number
  readonly namespaceId: number
  readonly domainId: number
  readonly path: string
  /** What the transaction made on its way, for the keys of its event; empty when all was there. */
  readonly created: Created
}

export interface Created {
  readonly createdRepository?: string
  readonly createdProject?: { readonly id: number; readonly name: string; readonly visibility: 'private'; readonly admin?: ProjectMaker | undefined }
}

interface RepositoryRow {
  readonly id: number
  readonly namespace_id: number
  readonly domain_id: number
  readonly path: string
  readonly state: string
  readonly namespace_state: string
}

const lock = statement<RepositoryRow>(`
  select r.id, r.namespace_id, n.domain_id, r.path, r.state, n.state as namespace_state
  from repository r join namespace n on n.id = r.namespace_id
  where r.path = $1 and r.deleted_at is null and n.deleted_at is null
  for share of r, n`)
const lockById = statement<{ id: number; domain_id: number }>(`
  select r.id, n.domain_id from repository r join namespace n on n.id = r.namespace_id where r.id = $1 for share of r, n`)
// Locked, so that it has this name for as long as the repository is being made in it.
const lockNamespace = statement<{ id: number }>('select id from namespace where name = $1 and deleted_at is null for share')
const renamed = statement<{ name: string }>(`
  select n.name from namespace_alias a join namespace n on n.id = a.namespace_id where a.name = $1 and n.deleted_at is null and n.state <> 'deleting'
    and not exists (select 1 from namespace own where own.name = a.name and own.deleted_at is null)`)
// Of a project in the trash: its own name is kept for it, those before it are not.
const removeAlias = statement('delete from namespace_alias where name = $1')
const namesBefore = statement<{ name: string }>(`
  select a.name from namespace_alias a join namespace n on n.id = a.namespace_id
  where n.name = $1 and n.deleted_at is null order by a.created_at desc limit 100`)
const insertNamespace = statement<{ id: number }>(`
  insert into namespace (domain_id, name, created_at, maker_kind, maker_id) values (1, $1, $2, $3, $4)
  on conflict (name) where deleted_at is null do nothing returning id`)
const insertRepository = statement(`
  insert into repository (namespace_id, path, created_at) values ($1, $2, $3)
  on conflict (path) where deleted_at is null do nothing`)
// Here, since it has to come with the project: one that nobody administers would be out of everybody's reach.
const grantToMaker = statement(`
  insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)
  values ($1, '', 0, $2, $3, 'project-admin', $4)`)

const isAdmin = statement<{ one: number }>(`
  select 1 as one from access_grant
  where namespace_id = $1 and prefix = '' and exact = 0 and subject_kind = $2 and subject_id = $3 and role = 'project-admin'`)

/**
 * What a path has become, where its project was renamed since the caller looked and nothing has taken the name: bytes may be on their way
 * for hours. Whoever goes on there looks at the project that was decided about as well.
 */
export async function renamedPath(tx: Tx, path: string): Promise<string | undefined> {
  const present = await tx.one(renamed, projectOf(path))
  return present && inProject(present.name, path)
}

function projectOf(path: string): string {
  return path.split('/', 1)[0] as string
}

/** The same repository in a project of that name. */
function inProject(name: string, path: string): string {
  return `${name}${path.slice(projectOf(path).length)}`
}

/** What a repository was called before its project was renamed, as long as those names lead to it. */
export async function pathsBefore(reads: Pick<Reads, 'all'>, path: string): Promise<string[]> {
  return (await reads.all(namesBefore, projectOf(path))).map(({ name }) => inProject(name, path))
}

/**
 * Every write in a repository begins with this. Refuses unless the repository and its namespace are live, and unless it lies in the project
 * that was decided about, where it is given.
 */
export async function lockRepository(tx: Tx, path: string, decidedOn?: number): Promise<LockedRepository | Refusal> {
  const row = await tx.one(lock, path)
  if (row === undefined) {
    const present = await renamedPath(tx, path)
    return present === undefined ? { refused: 'NAME_UNKNOWN' } : await lockRepository(tx, present, decidedOn)
  }
  return decidedOn === undefined || row.namespace_id === decidedOn ? writable(row, {}) : decideAgain
}

/** What is left of a repository, whatever its state, locked against a change of that. */
export async function lockPlace(tx: Tx, repositoryId: number): Promise<Pick<LockedRepository, 'id' | 'domainId'> | undefined> {
  const row = await tx.one(lockById, repositoryId)
  return row && { id: row.id, domainId: row.domain_id }
}

/** As `lockRepository`; a first push makes the repository, and its namespace, which is the first component of the path. */
export async function takeRepository(tx: Tx, path: string, may: MayCreate): Promise<LockedRepository | Refusal> {
  const present = await tx.one(lock, path)
  if (present !== undefined) return (await mayWork(tx, present.namespace_id, may)) ? writable(present, {}) : decideAgain
  const namespace = await takeNamespace(tx, projectOf(path), may)
  if ('refused' in namespace) return namespace
  if ('renamedTo' in namespace) return await takeRepository(tx, inProject(namespace.renamedTo, path), may)
  if (!(await mayWork(tx, namespace.id, may))) return decideAgain
  if (typeof may.project === 'number' && !may.repository) return { refused: 'REPOSITORY_ABSENT' }
  const created = (await tx.run(insertRepository, namespace.id, path, tx.now)) > 0
  const row = await tx.one(lock, path)
  if (row === undefined) return decideAgain
  return writable(row, created ? { createdRepository: path, ...namespace.created } : {})
}

/** What the rights were asked about is not what is here now: the client asks again, and so are they. */
const decideAgain: Refusal = Object.freeze({ refused: 'UNAVAILABLE' })

/**
 * Whether this is the project that was asked about. Where there was none, it is one that the same maker made a moment ago: clients push
 * several layers at once, and each asked before the first of them came.
 */
async function mayWork(tx: Tx, namespaceId: number, { project, newProject, maker }: MayCreate): Promise<boolean> {
  if (project !== null) return project === undefined || project === namespaceId
  if (!newProject || maker === undefined) return false
  return (await tx.one(isAdmin, namespaceId, maker.kind, maker.id)) !== undefined
}

interface Namespace {
  readonly id: number
  readonly created?: Pick<Created, 'createdProject'>
}

/** Where the name is one that a project had before, nothing is taken, and its present name is answered. */
async function takeNamespace(tx: Tx, name: string, { newProject, maker }: MayCreate): Promise<Namespace | Refusal | { readonly renamedTo: string }> {
  const present = await tx.one(lockNamespace, name)
  if (present !== undefined) return present
  const before = await tx.one(renamed, name)
  if (before !== undefined) return { renamedTo: before.name }
  if (!newProject) return { refused: 'PROJECT_ABSENT' }
  const inserted = await tx.one(insertNamespace, name, tx.now, maker?.kind ?? null, maker?.id ?? null)
  if (inserted === undefined) return (await tx.one(lockNamespace, name)) ?? decideAgain
  await tx.run(removeAlias, name)
  if (maker !== undefined) await tx.run(grantToMaker, inserted.id, maker.kind, maker.id, tx.now)
  await bumpRights(tx)
  return { id: inserted.id, created: { createdProject: { id: inserted.id, name, visibility: 'private', admin: maker } } }
}

function writable(row: RepositoryRow, created: Created): LockedRepository | Refusal {
  if (row.state === 'deleting' || row.namespace_state === 'deleting') return { refused: 'NAME_UNKNOWN' }
  if (row.namespace_state !== 'live') return { refused: 'PROJECT_ARCHIVED' }
  if (row.state !== 'live') return { refused: 'REPOSITORY_FROZEN' }
  return { id: row.id, namespaceId: row.namespace_id, domainId: row.domain_id, path: row.path, created }
}
