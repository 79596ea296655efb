import type { Reads } from '../../database/index.ts'
import { type Amount, type Freed, type Holder, limits } from './plan.ts'
import { blobsOfManifest, blobsOfRepository, manifestBlobsOfRepository, ownBlob, type BlobRow, type ReferredBlobRow } from './plan-store.ts'

export interface Tally {
  readonly frees: Freed
  readonly keeps: Readonly<Record<Holder, Amount>>
}

/** Lets other requests have their turn between two pages. */
export type Yield = () => Promise<void>

interface TallyDeps {
  readonly reads: Reads
  readonly yieldTurn: Yield
  /** Whether other repositories are looked at. */
  readonly everywhere: boolean
}

/** What goes with a manifest: what it alone refers to, and itself. */
export async function tallyManifest(
  deps: TallyDeps,
  repository: { readonly id: number; readonly domain_id: number },
  manifest: { readonly digest: string; readonly blob_id: number },
): Promise<Tally> {
  const { reads } = deps
  const sum = createSum(deps.everywhere)
  const own = await reads.one(ownBlob, repository.id, manifest.blob_id)
  if (own !== undefined) sum.add(own)
  const complete = await walk<ReferredBlobRow>(
    deps,
    '',
    (position, limit) => reads.all(blobsOfManifest, repository.id, manifest.digest, position, limit, repository.domain_id),
    ({ id, size, ...row }) => {
      if (id !== null && size !== null) sum.add({ ...row, id, size })
    },
  )
  return sum.result(complete)
}

/** What goes with a repository: everything that no other one holds. */
export async function tallyRepository(deps: TallyDeps, repositoryId: number): Promise<Tally> {
  const sum = createSum(deps.everywhere)
  const { reads } = deps
  const blobs = await walk(deps, 0, (position, limit) => reads.all(blobsOfRepository, repositoryId, position, limit), sum.add)
  const manifests = await walk(deps, '', (position, limit) => reads.all(manifestBlobsOfRepository, repositoryId, position, limit), sum.add)
  return sum.result(blobs && manifests)
}

/** Page by page up to the limit; answers whether that was the end. */
async function walk<Row extends { readonly position: string | number }>(
  { yieldTurn }: TallyDeps,
  from: Row['position'],
  page: (position: Row['position'], limit: number) => Promise<readonly Row[]>,
  add: (row: Row) => void,
): Promise<boolean> {
  let position = from
  for (let looked = 0; looked < limits.blobs; looked += limits.page) {
    const rows = await page(position, limits.page)
    for (const row of rows) {
      add(row)
      if (row.position > position) position = row.position
    }
    if (rows.length < limits.page) return true
    await yieldTurn()
  }
  return (await page(position, 1)).length === 0
}

function createSum(everywhere: boolean) {
  const seen = new Set<number>()
  const amounts = { frees: { bytes: 0, blobs: 0 }, repository: { bytes: 0, blobs: 0 }, trash: { bytes: 0, blobs: 0 }, elsewhere: { bytes: 0, blobs: 0 } }
  const whereTo = ({ here, trashed, elsewhere }: BlobRow): keyof typeof amounts => {
    if (here === 1) return trashed === 1 ? 'trash' : 'repository'
    return everywhere && elsewhere === 1 ? 'elsewhere' : 'frees'
  }
  return {
    add: (row: BlobRow): void => {
      if (seen.has(row.id)) return
      seen.add(row.id)
      const amount = amounts[whereTo(row)]
      amount.bytes += row.size
      amount.blobs++
    },
    result: (complete: boolean): Tally => {
      const { frees, ...keeps } = amounts
      return { frees: { ...frees, complete, exact: everywhere }, keeps }
    },
  }
}
