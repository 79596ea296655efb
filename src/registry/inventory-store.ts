import { statement, type Reads, type Tx } from '../database/index.ts'

/** What clusters say runs in them, as whoever deletes has to know it. Times are compared with when a report stops to count. */

const reported = statement<{ one: number }>('select 1 as one from inventory_digest where digest = $1 and counts_until > $2 limit 1')
const anyReported = statement<{ one: number }>({
  sqlite: 'select 1 as one from inventory_digest where digest in (select value from json_each($1)) and counts_until > $2 limit 1',
  postgres: `
    select 1 as one from inventory_digest
    where digest = any (array(select json_array_elements_text($1::json))) and counts_until > $2 limit 1`,
})
// Left to itself, SQLite reads all references of the repository, for the sake of an index that has the other columns too.
const listing = statement<{ manifest_digest: string }>({
  sqlite: `
    select manifest_digest from reference indexed by reference_by_child
    where repository_id = $1 and child_digest in (select value from json_each($2)) and kind = 'child' limit $3`,
  postgres: `
    select manifest_digest from reference
    where repository_id = $1 and child_digest = any (array(select json_array_elements_text($2::json))) and kind = 'child' limit $3`,
})

/** Indexes of indexes that are looked at; nobody nests them deeper. */
const deepest = 4
/** More indexes than these are not looked through: then it counts as in use, which only keeps it. */
const mostListing = 1000

/**
 * Whether a manifest of the repository runs somewhere: a report that counts names it, or an index that lists it. A cluster names the index
 * that it was told to run, and runs one of the images in it.
 */
export async function isInUse(tx: Pick<Tx, 'one' | 'all' | 'now'>, repositoryId: number, digest: string): Promise<boolean> {
  if ((await tx.one(reported, digest, tx.now)) !== undefined) return true
  let level: readonly string[] = [digest]
  for (let depth = 0; depth < deepest; depth++) {
    const above = await listedBy(tx, repositoryId, level)
    if (above === undefined) return true
    if (above.length === 0) return false
    if ((await tx.one(anyReported, JSON.stringify(above), tx.now)) !== undefined) return true
    level = above
  }
  return true
}

/** Indexes that list one of these; absent where there are more than are looked through. */
async function listedBy(reads: Pick<Reads, 'all'>, repositoryId: number, digests: readonly string[]): Promise<string[] | undefined> {
  const rows = await reads.all(listing, repositoryId, JSON.stringify(digests), mostListing + 1)
  return rows.length > mostListing ? undefined : [...new Set(rows.map(({ manifest_digest }) => manifest_digest))]
}

/** A cluster in which a digest runs. */
export interface RunningRow {
  readonly cluster: string
  readonly digest: string
  /** Ms since the epoch. */
  readonly seen_at: number
}

const running = statement<RunningRow>({
  sqlite: `
    select c.name as cluster, i.digest, i.seen_at from inventory_digest i join inventory_cluster c on c.id = i.cluster_id
    where i.digest in (select value from json_each($1)) and i.counts_until > $2 limit $3`,
  postgres: `
    select c.name as cluster, i.digest, i.seen_at from inventory_digest i join inventory_cluster c on c.id = i.cluster_id
    where i.digest = any (array(select json_array_elements_text($1::json))) and i.counts_until > $2 limit $3`,
})

/** Where it runs, itself or in an index, in no order; `complete` is false where not everything that could be was looked at. */
export async function runningAs(
  reads: Pick<Reads, 'all'>,
  repositoryId: number,
  digest: string,
  now: number,
  limit: number,
): Promise<{ readonly rows: readonly RunningRow[]; readonly complete: boolean }> {
  const digests = [digest]
  let level: readonly string[] | undefined = digests
  for (let depth = 0; depth < deepest && level !== undefined && level.length > 0; depth++) {
    level = await listedBy(reads, repositoryId, level)
    digests.push(...(level ?? []))
  }
  return { rows: await reads.all(running, JSON.stringify(digests), now, limit), complete: level?.length === 0 }
}
