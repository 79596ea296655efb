import { statement, transaction, type Outcome, type Tx } from '../../database/index.ts'
import { record, type EventActor } from '../../record/index.ts'

// The update changes nothing: it locks the row, so that reports of one cluster come one after the other.
const takeCluster = statement<{ id: number; seen_at: number }>(`
  insert into inventory_cluster (name, seen_at, counts_until, reported_at) values ($1, 0, 0, $2)
  on conflict (name) do update set name = inventory_cluster.name returning id, seen_at`)
const countClusters = statement<{ count: number }>('select count(*) as count from (select 1 from inventory_cluster limit $1) wanted')
const countDigests = statement<{ count: number }>(`
  select count(*) as count from (select 1 from inventory_digest where cluster_id = $1 limit $2) wanted`)
const orLater = `
  on conflict (cluster_id, digest) do update set seen_at = excluded.seen_at, counts_until = excluded.counts_until`
const addDigests = statement({
  sqlite: `
    insert into inventory_digest (cluster_id, digest, seen_at, counts_until)
    select $1, value, $3, $4 from json_each($2) where true ${orLater}`,
  postgres: `
    insert into inventory_digest (cluster_id, digest, seen_at, counts_until)
    select $1, value, $3, $4 from json_array_elements_text($2::json) ${orLater}`,
})
const removeOlder = statement('delete from inventory_digest where cluster_id = $1 and seen_at < $2')
const setCluster = statement(`
  update inventory_cluster set seen_at = $2, counts_until = $3, digests = $4, reported_at = $5, reported_by = $6 where id = $1`)
// One for each report: as many as come can go. Skipped where its own cluster reports just now.
const outdated = statement<{ id: number }>(`
  select id from inventory_cluster where counts_until < $1 and id <> $2 order by counts_until, id limit 1 for update skip locked`)
const removeDigests = statement('delete from inventory_digest where cluster_id = $1')
const removeCluster = statement('delete from inventory_cluster where id = $1')

/** How much is kept: far more than anybody has, and a bound for whoever reports nonsense. */
export const mostClusters = 1000
export const mostDigests = 10_000
/** Clocks of clusters may be ahead by that much. */
const ahead = 300_000

export interface ReportInput {
  readonly cluster: string
  /** Ms since the epoch; absent: now. */
  readonly seenAt: number | undefined
  /** Each once. */
  readonly digests: readonly string[]
  /** Further parts with the same `seenAt` follow: what was reported before counts until the last of them. */
  readonly more: boolean
  /** How long it counts from `seenAt` on, in ms. */
  readonly retention: number
  readonly actor: EventActor
}

export interface Reported {
  readonly seenAt: number
  readonly countsUntil: number
  /** All of the cluster that count now. */
  readonly digests: number
}

/** What runs in a cluster, instead of what it reported before. Which of the digests are known here is not looked at. */
export const reportInventory = transaction('report inventory', async (tx: Tx, input: ReportInput): Promise<Outcome<Reported>> => {
  const { cluster: name, retention, more, actor } = input
  const seenAt = input.seenAt ?? tx.now
  if (seenAt > tx.now + ahead) return { refused: 'INVENTORY_IN_FUTURE' }
  const countsUntil = seenAt + retention
  if (countsUntil <= tx.now) return { refused: 'INVENTORY_OUTDATED' }
  const cluster = await tx.one(takeCluster, name, tx.now)
  if (cluster === undefined) throw new Error(`no row for cluster ${name}`)
  if (cluster.seen_at > seenAt) return { refused: 'INVENTORY_OLDER', detail: { seenAt: cluster.seen_at } }
  await tx.run(addDigests, cluster.id, JSON.stringify(input.digests.toSorted()), seenAt, countsUntil)
  if (!more) await tx.run(removeOlder, cluster.id, seenAt)
  // While parts of a report come, those of the one before are there as well.
  const most = more ? 2 * mostDigests : mostDigests
  const digests = (await tx.one(countDigests, cluster.id, most + 1))?.count ?? 0
  if (digests > most) return { refused: 'INVENTORY_TOO_LARGE' }
  await tx.run(setCluster, cluster.id, seenAt, countsUntil, digests, tx.now, actor.identity ?? null)
  await removeOutdated(tx, cluster.id)
  if (((await tx.one(countClusters, mostClusters + 1))?.count ?? 0) > mostClusters) return { refused: 'INVENTORY_FULL' }
  const keys = { cluster: name, seenAt, digests: input.digests.length, more }
  return await record(tx, { kind: 'inventory.report', actor, repositoryId: undefined, keys }, { seenAt, countsUntil, digests })
})

async function removeOutdated(tx: Tx, reporting: number): Promise<void> {
  const gone = await tx.one(outdated, tx.now, reporting)
  if (gone === undefined) return
  await tx.run(removeDigests, gone.id)
  await tx.run(removeCluster, gone.id)
}
