import type { Database } from '../../database/index.ts'
import type { JobHandler, JobKind, JobRun } from '../../jobs/index.ts'
import type { Clock } from '../../lib/index.ts'
import { type CountPayload, countPayload } from './count-job-shapes.ts'
import { blobsAfter, linksAfter, manifestsAfter, nextProject, referencesAfter, repositoriesAfter } from './stored-store.ts'
import { type CountedInput, type CountedRow, keepStoredUsage } from './usage-transactions.ts'

/** What every project and repository stores. It reads all links, manifests, references and blobs, a page at a time. */
export const countKind: JobKind<CountPayload> = Object.freeze({
  name: 'usage.count',
  version: 1,
  payload: countPayload,
  summary: 'Counts the bytes that each project and repository stores.',
  mostAttempts: 5,
  dedupeKey: () => 'all',
})

/** What a run keeps for the next one, and in the end its result. Bytes. */
interface Counted {
  readonly projects: number
  readonly repositories: number
  readonly logical: number
  /** Summed over projects: what two of them share counts twice. */
  readonly deduplicated: number
  readonly trash: number
}

interface Kept extends Counted {
  /** The last project that is done. */
  readonly after: number
  /** Ms since the epoch. */
  readonly countedAt: number
}

export interface CountJobDeps {
  readonly database: Database
  readonly clock: Clock
}

const nothing: Counted = Object.freeze({ projects: 0, repositories: 0, logical: 0, deduplicated: 0, trash: 0 })

export function createCountJob(deps: CountJobDeps): JobHandler<CountPayload> {
  return Object.freeze({ kind: countKind, run: async (run: JobRun<unknown>) => await countAll(run, deps) })
}

/** Rows read at a time. */
const pageSize = 200
/** Repositories written at a time. */
const rowsAtOnce = 500

async function countAll(run: JobRun<unknown>, deps: CountJobDeps): Promise<Counted> {
  const { database } = deps
  const { after: resumed, countedAt, ...before } = (run.position ?? { ...nothing, after: 0, countedAt: await database.now() }) as Kept
  const page = pacedReads(run, deps)
  const keep = async (counted: Omit<CountedInput, 'run' | 'countedAt'>): Promise<void> => {
    const outcome = await database.transact(keepStoredUsage, { run: run.token, countedAt, ...counted })
    if ('refused' in outcome) throw new Error(`what was counted can not be kept: ${outcome.refused}`)
  }
  let [after, sum]: [number, Counted] = [resumed, before]
  for (;;) {
    const project = await database.one(nextProject, after)
    if (project === undefined) break
    if (project.deleted === 0) sum = await countProject({ ...project, keep, page, database }, sum)
    else if (project.counted === 1) await keep({ project: project.id, rows: [], last: true })
    after = project.id
    run.keep({ ...sum, after, countedAt } satisfies Kept)
    run.report({ done: sum.repositories, unit: 'repositories' })
  }
  const { logical, deduplicated, trash } = sum
  const whole = { repository: 0, logical, deduplicated, trash, ...(await countBlobs(page, database)) }
  await keep({ project: 0, rows: [whole], last: true })
  return sum
}

/** Blobs summed up at a time: more than rows that are read, since one row comes of them. */
const blobsAtOnce = 1_000

/** All there are, whoever has them. */
async function countBlobs(page: PagedRead, database: Database): Promise<{ readonly blobs: number; readonly blobBytes: number }> {
  let sum = { blobs: 0, blobBytes: 0 }
  for (let last: number | null = 0; last !== null; ) {
    const [found] = await page(() => database.all(blobsAfter, last, blobsAtOnce))
    sum = { blobs: sum.blobs + (found?.blobs ?? 0), blobBytes: sum.blobBytes + (found?.bytes ?? 0) }
    last = found?.last ?? null
  }
  return sum
}

/** Reads a page, then pauses for three times as long: SQLite answers no request meanwhile. */
type PagedRead = <Row>(read: () => Promise<Row[]>) => Promise<Row[]>

const pausesPerRead = 3

function pacedReads({ signal }: JobRun<unknown>, { clock }: CountJobDeps): PagedRead {
  return async (read) => {
    signal.throwIfAborted()
    const begun = clock.monotonic()
    const rows = await read()
    await clock.sleep(pausesPerRead * (clock.monotonic() - begun), signal)
    return rows
  }
}

interface ProjectCount {
  readonly id: number
  readonly domain_id: number
  readonly trash: number
  readonly keep: (counted: Omit<CountedInput, 'run' | 'countedAt'>) => Promise<void>
  readonly page: PagedRead
  readonly database: Database
}

/** Counts a project anew from its beginning: a run that is broken off begins with it again. */
async function countProject(of: ProjectCount, sum: Counted): Promise<Counted> {
  const { id: project, database, page } = of
  const keep = async (rows: readonly CountedRow[], last: boolean): Promise<void> => await of.keep({ project, rows, last })
  const shared = createBlobSums()
  let [logical, repositories] = [0, 0]
  let rows: CountedRow[] = []
  let after = { path: '', id: 0 }
  for (let size = pageSize; size === pageSize; ) {
    const found = await page(() => database.all(repositoriesAfter, project, after.path, after.id, pageSize))
    for (const repository of found) {
      const gone = of.trash === 1 || repository.trash === 1
      const counted = await countRepository(of, { id: repository.id, gone }, shared)
      if (gone && counted.trash === 0) continue
      rows.push(counted)
      logical += counted.logical
      repositories++
      if (rows.length === rowsAtOnce) await keep(rows.splice(0), false)
    }
    size = found.length
    after = found.at(-1) ?? after
  }
  const { live: deduplicated, trash } = shared.sums
  await keep([...rows, { repository: 0, logical, deduplicated, trash }], true)
  return {
    projects: sum.projects + 1,
    repositories: sum.repositories + repositories,
    logical: sum.logical + logical,
    deduplicated: sum.deduplicated + deduplicated,
    trash: sum.trash + trash,
  }
}

/** @param shared where each blob of the project is counted once */
async function countRepository(
  { database, page, domain_id: domain }: ProjectCount,
  { id, gone }: { readonly id: number; readonly gone: boolean },
  shared: BlobSums,
): Promise<CountedRow> {
  const own = createBlobSums()
  let logical = 0
  const add = (blob: number, size: number, trash: boolean): void => {
    own.add(blob, size, trash)
    shared.add(blob, size, trash)
  }
  await eachRow(page, (last: { readonly digest: string } | undefined) => database.all(manifestsAfter, id, last?.digest ?? '', pageSize), (row) => {
    const trash = gone || row.trash === 1
    add(row.blob_id, row.size, trash)
    if (!trash) logical += row.size
  })
  await eachRow(page, (last: { readonly blob_id: number } | undefined) => database.all(linksAfter, id, last?.blob_id ?? 0, pageSize), (row) => {
    add(row.blob_id, row.size, gone || row.trash === 1)
  })
  if (!gone) {
    type Last = { readonly manifest_digest: string; readonly child_digest: string; readonly kind: string }
    const start: Last = { manifest_digest: '', child_digest: '', kind: '' }
    const read = ({ manifest_digest: manifest, child_digest: child, kind }: Last = start) =>
      database.all(referencesAfter, id, manifest, child, kind, domain, pageSize)
    await eachRow(page, read, ({ size }) => void (logical += size))
  }
  return { repository: id, logical, deduplicated: own.sums.live, trash: own.sums.trash }
}

async function eachRow<Row extends Last, Last>(page: PagedRead, read: (last: Last | undefined) => Promise<Row[]>, use: (row: Row) => void): Promise<void> {
  let last: Row | undefined
  for (let size = pageSize; size === pageSize; ) {
    const found = await page(() => read(last))
    for (const row of found) use(row)
    size = found.length
    last = found.at(-1)
  }
}

/** Bytes of blobs, each counted once: as live where anything live holds it, whatever the trash holds too. */
interface BlobSums {
  readonly sums: { readonly live: number; readonly trash: number }
  add(blob: number, size: number, trash: boolean): void
}

function createBlobSums(): BlobSums {
  const [live, inTrash] = [createIdSet(), createIdSet()]
  const sums = { live: 0, trash: 0 }
  return {
    sums,
    add: (blob, size, trash) => {
      if (live.has(blob)) return
      if (trash) {
        if (inTrash.add(blob)) sums.trash += size
        return
      }
      live.add(blob)
      sums.live += size
      if (inTrash.has(blob)) sums.trash -= size
    },
  }
}

const bitsOfWord = 32

/** Ids are handed out one after the other, so 32 of them mostly share an entry: a million blobs take a megabyte. */
function createIdSet() {
  const words = new Map<number, number>()
  const has = (id: number): boolean => ((words.get(Math.floor(id / bitsOfWord)) ?? 0) & (1 << (id % bitsOfWord))) !== 0
  return {
    has,
    /** Whether it was not there before. */
    add: (id: number): boolean => {
      if (has(id)) return false
      const word = Math.floor(id / bitsOfWord)
      words.set(word, (words.get(word) ?? 0) | (1 << (id % bitsOfWord)))
      return true
    },
  }
}
