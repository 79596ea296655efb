import { statement, type Tx } from '../database/index.ts'

/**
 * Manifests to which the rule about untagged ones may apply. Every live manifest is tagged, listed by an index, a referrer of a manifest
 * that is here, or has a row here; whoever takes one of these away makes the row.
 */

export interface UnnamedRow {
  readonly repository_id: number
  readonly digest: string
}

// By the clock that the steps go by, as with `dueKeys`.
export const unnamedFor = statement<UnnamedRow>({
  sqlite: 'select repository_id, digest from unnamed_manifest where since <= $1 - $2 order by since, repository_id, digest limit $3',
  postgres: `
    select repository_id, digest from unnamed_manifest
    where since <= least($1, floor(extract(epoch from clock_timestamp()) * 1000)::bigint) - $2
    order by since, repository_id, digest limit $3`,
})

// Of two moments the later one counts: it was named until then.
const later = `
  on conflict (repository_id, digest) do update set since = excluded.since where excluded.since > unnamed_manifest.since`
const note = statement(`insert into unnamed_manifest (repository_id, digest, since) values ($1, $2, $3) ${later}`)
const noteThoseHere = statement({
  sqlite: `
    insert into unnamed_manifest (repository_id, digest, since)
    select m.repository_id, m.digest, $3 from json_each($2) wanted
    cross join manifest m on m.repository_id = $1 and m.digest = wanted.value and m.deleted_at is null where true ${later}`,
  postgres: `
    insert into unnamed_manifest (repository_id, digest, since)
    select m.repository_id, m.digest, $3 from manifest m
    where m.repository_id = $1 and m.digest = any (array(select json_array_elements_text($2::json))) and m.deleted_at is null
    order by m.digest ${later}`,
})
const oneReferrer = statement<{ one: number }>(`
  select 1 as one from manifest where repository_id = $1 and subject_digest = $2 limit 1`)
const lock = statement<{ since: number; referrers_after: string | null }>(`
  select since, referrers_after from unnamed_manifest where repository_id = $1 and digest = $2 for update`)
const move = statement('update unnamed_manifest set since = $3 where repository_id = $1 and digest = $2')
const remove = statement('delete from unnamed_manifest where repository_id = $1 and digest = $2')

/** A tag left the manifest, it was pushed without one, or it came back without one. */
export async function noteUnnamed(tx: Tx, repositoryId: number, digest: string): Promise<void> {
  await tx.run(note, repositoryId, digest, tx.now)
}

/** What listed these is gone; those of them that are manifests may have nothing else that names them. */
export async function noteChildren(tx: Tx, repositoryId: number, digests: readonly string[], since: number): Promise<void> {
  if (digests.length > 0) await tx.run(noteThoseHere, repositoryId, JSON.stringify(digests.toSorted()), since)
}

/**
 * A manifest is gone. Of its referrers there may be any number: its own row stays for them, and the collector goes through them in
 * steps.
 */
export async function noteGone(tx: Tx, repositoryId: number, digest: string, since: number): Promise<void> {
  if ((await tx.one(oneReferrer, repositoryId, digest)) === undefined) await endUnnamed(tx, repositoryId, digest)
  else await tx.run(note, repositoryId, digest, since)
}

/** Locks the row: whoever notes the manifest at this moment waits, and makes the row anew if the holder ends it. */
export async function lockUnnamed(tx: Tx, repositoryId: number, digest: string) {
  return await tx.one(lock, repositoryId, digest)
}

/** It was named until then after all, or is to be looked at later. */
export async function moveUnnamed(tx: Tx, repositoryId: number, digest: string, since: number): Promise<void> {
  await tx.run(move, repositoryId, digest, since)
}

export async function endUnnamed(tx: Tx, repositoryId: number, digest: string): Promise<void> {
  await tx.run(remove, repositoryId, digest)
}

const pageOfReferrers = 500
const nextReferrers = statement<{ digest: string }>(`
  select digest from manifest where repository_id = $1 and subject_digest = $2 and digest > $3 and deleted_at is null
  order by digest limit ${pageOfReferrers}`)
const keepPlace = statement('update unnamed_manifest set referrers_after = $3 where repository_id = $1 and digest = $2')

/** A page of the referrers of a manifest that is gone may have nothing else that names them. The caller has locked its row. */
export async function noteReferrers(tx: Tx, repositoryId: number, subject: string, { since, after }: { readonly since: number; readonly after: string }): Promise<void> {
  const referrers = (await tx.all(nextReferrers, repositoryId, subject, after)).map(({ digest }) => digest)
  await noteChildren(tx, repositoryId, referrers, since)
  if (referrers.length < pageOfReferrers) await endUnnamed(tx, repositoryId, subject)
  else await tx.run(keepPlace, repositoryId, subject, referrers.at(-1) ?? after)
}
