import { Database } from 'bun:sqlite'
import { join } from 'node:path'

/**
 * Rows that Berth's own statements would have written one by one, for hours: they are written into its database while it does not run.
 */

const hour = 3_600_000
const day = 24 * hour

/** Lets the leases of all that was pushed be over, as they are a day later. Those that end soon stay as they are. */
export function endLeases(folder: string): void {
  change(folder, [
    ['update link set lease_until = lease_until - $1 where lease_until > $2', [day, Date.now() + hour]],
    [`update gc_queue set due_at = due_at - $1 where kind = 'link' and due_at > $2`, [day, Date.now() + hour]],
  ])
}

/** Something in the trash, by its number from 1 on, which is its id. */
export interface DiscardedRow {
  readonly id: number
  readonly kind: 'tag' | 'manifest' | 'blob'
  /** Which of the two repositories it is of. */
  readonly inFirst: boolean
}

/** Nine of ten are of the first repository; of a hundred one is a manifest, of a thousand one a blob, all others are tags. */
export function discardedRow(id: number): DiscardedRow {
  return { id, kind: id % 1000 === 7 ? 'blob' : id % 100 === 3 ? 'manifest' : 'tag', inFirst: Math.floor(id / 1000) % 10 > 0 }
}

/** The same for a trash that is empty, of two repositories of one project. */
export function writeTrash(folder: string, [first, second]: readonly [string, string], count: number): void {
  change(folder, [
    [
      `
      insert into trash (id, kind, namespace_id, repository_id, path, tag, digest, cause, deleted_at, purge_at)
      with recursive number (id) as (select 1 union all select id + 1 from number where id < $1)
      select number.id, case when number.id % 1000 = 7 then 'blob' when number.id % 100 = 3 then 'manifest' else 'tag' end,
        r.namespace_id, r.id, r.path, case when number.id % 1000 = 7 or number.id % 100 = 3 then null else 'v' || number.id end,
        'sha256:' || printf('%064x', number.id), 'person', $2, $2 + $3
      from number join repository r on r.path = case when number.id / 1000 % 10 > 0 then $4 else $5 end`,
      [count, Date.now(), 7 * day, first, second],
    ],
  ])
}

/** When a tag made its move of this number from 1 on, in ms since the epoch. */
export const moveTime = (number: number): number => Date.UTC(2020, 0, 1) + number * 60_000

/** Moves of a tag, a minute between each and the next, all before those that it really made. */
export function writeMoves(folder: string, repository: string, tag: string, count: number): void {
  change(folder, [
    [
      `
      insert into tag_event (repository_id, name, at, from_digest, to_digest)
      with recursive number (id) as (select 1 union all select id + 1 from number where id < $1)
      select r.id, $2, $3 + number.id * 60000, 'sha256:' || printf('%064x', number.id - 1), 'sha256:' || printf('%064x', number.id)
      from number join repository r on r.path = $4`,
      [count, tag, moveTime(0), repository],
    ],
  ])
}

function change(folder: string, statements: readonly (readonly [sql: string, values: readonly (string | number)[]])[]): void {
  const database = new Database(join(folder, 'data', 'berth.db'), { readwrite: true, strict: true })
  try {
    database.run('pragma foreign_keys = on')
    for (const [sql, values] of statements) database.query(sql).run(...values)
  } finally {
    database.close()
  }
}
