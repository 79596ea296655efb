import { statement, type Refusal, type Tx } from '../database/index.ts'

/** A repository that may be written to, locked in shared mode: its state can't change before this transaction ends. */
export interface LockedRepository {
  readonly id: number
  readonly domainId: number
  /** The transaction made it; its event says so. */
  readonly created: boolean
}

interface RepositoryRow {
  readonly id: number
  readonly domain_id: number
  readonly state: string
  readonly namespace_state: string
}

const lock = statement<RepositoryRow>(`
  select r.id, n.domain_id, r.state, n.state as namespace_state
  from repository r join namespace n on n.id = r.namespace_id
  where r.path = $1 and r.deleted_at is null and n.deleted_at is null
  for share of r, n`)
const insertNamespace = statement(`
  insert into namespace (domain_id, name, created_at) values (1, $1, $2)
  on conflict (name) where deleted_at is null do nothing`)
const insertRepository = statement(`
  insert into repository (namespace_id, path, created_at)
  select id, $2, $3 from namespace where name = $1 and deleted_at is null
  on conflict (path) where deleted_at is null do nothing`)

/** Every write in a repository begins with this. Refuses unless the repository and its namespace are live. */
export async function lockRepository(tx: Tx, path: string): Promise<LockedRepository | Refusal> {
  const row = await tx.one(lock, path)
  return row === undefined ? { refused: 'NAME_UNKNOWN' } : writable(row, false)
}

/** As `lockRepository`; a first push makes the repository and its namespace, which is the first component of the path. */
export async function takeRepository(tx: Tx, path: string): Promise<LockedRepository | Refusal> {
  const present = await tx.one(lock, path)
  if (present !== undefined) return writable(present, false)
  const namespace = path.split('/', 1)[0] as string
  await tx.run(insertNamespace, namespace, tx.now)
  const created = (await tx.run(insertRepository, namespace, path, tx.now)) > 0
  const row = await tx.one(lock, path)
  return row === undefined ? { refused: 'UNAVAILABLE' } : writable(row, created)
}

function writable(row: RepositoryRow, created: boolean): LockedRepository | Refusal {
  if (row.state === 'deleting' || row.namespace_state === 'deleting') return { refused: 'NAME_UNKNOWN' }
  if (row.state !== 'live' || row.namespace_state !== 'live') return { refused: 'REPOSITORY_FROZEN' }
  return { id: row.id, domainId: row.domain_id, created }
}
