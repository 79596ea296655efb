import { Database } from 'bun:sqlite'
import { cpSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { createRandom } from '../rig/random.ts'
import type { Sample } from './sample.ts'

/** Undoes what came with the second step of the schema and later ones. */
const newerThanFirst = [
  ...'inventory_digest inventory_cluster unnamed_manifest usage_stored usage_writer usage_day trash'.split(' ').map((table) => `drop table ${table}`),
  ...'tag_event_by_from tag_by_version tag_by_push tag_by_pull tag_by_size'.split(' ').map((index) => `drop index ${index}`),
  ...['version_key', 'pulled_at', 'size'].map((column) => `alter table tag drop column ${column}`),
  'alter table manifest drop column size',
  ...'job_line address_rule tag_rule access_grant role token robot_secret robot_permission robot group_member account_group account namespace_alias signing_key collection_hold'.split(' ').map((table) => `drop table ${table}`),
  ...['visibility', 'maker_kind', 'maker_id'].map((column) => `alter table namespace drop column ${column}`),
  'drop index namespace_deleting',
  'alter table reference drop column awaited',
  "delete from meta where name = 'rights'",
]

/** Something that happens to a data directory while no server runs, and what the next start must make of it. */
export interface Case {
  readonly name: string
  readonly from: 'stopped' | 'killed'
  readonly damage: (data: string, sample: Sample) => void
  /**
   * A pattern: the start is refused, and says why. `all`: everything is served. `old`: what was pushed before the last orderly
   * stop. `rows`: all but what was in files. `none`: nothing of it. `truth`: refused, or answered with what is right, that
   * it is damaged, or an error, or the server ends while it serves. `bytes`: the same, but a row may not be found.
   */
  readonly outcome: RegExp | 'all' | 'old' | 'rows' | 'none' | 'truth' | 'bytes'
}

type Damage = Case['damage']

const remove = (...names: string[]): Damage => (data) => names.forEach((name) => rmSync(join(data, name), { recursive: true }))
const empty = (name: string): Damage => (data) => truncateSync(join(data, name), 0)
const cutTo = (name: string, size: (whole: number) => number): Damage => (data) => {
  const path = join(data, name)
  truncateSync(path, Math.floor(size(readFileSync(path).length)))
}
const change = (name: string, edit: (bytes: Buffer) => Buffer): Damage => (data) => {
  const path = join(data, name)
  writeFileSync(path, edit(existsSync(path) ? readFileSync(path) : Buffer.alloc(0)))
}
const garbage = (name: string): Damage => change(name, (bytes) => noise(name, Math.max(bytes.length, 10_000)))
const sql = (...statements: string[]): Damage => (data) => {
  const database = new Database(join(data, 'berth.db'))
  for (const one of statements) database.run(one)
  database.close()
}
const inTurn = (...damages: Damage[]): Damage => (data, sample) => damages.forEach((damage) => damage(data, sample))
const takeFromOther = (...names: string[]): Damage => (data, { other }) => {
  for (const name of names) {
    rmSync(join(data, name), { recursive: true })
    cpSync(join(other, name), join(data, name), { recursive: true })
  }
}
const fileInstead = (name: string): Damage => (data) => {
  rmSync(join(data, name), { recursive: true })
  writeFileSync(join(data, name), 'not a folder')
}
/** An SQLite database with nothing of a registry in it. */
const strange: Damage = (data) => {
  rmSync(join(data, 'berth.db'))
  sql('create table something (other integer)')(data, undefined as never)
}

function noise(name: string, size: number): Buffer {
  const random = createRandom('noise', name)
  return Buffer.from(Array.from({ length: size }, () => random.below(256)))
}

const stopped: [string, Damage, Case['outcome']][] = [
  ['nothing', () => undefined, 'all'],
  ['berth.db is missing', remove('berth.db'), /berth\.db is missing/],
  ['berth.db is empty', empty('berth.db'), /berth\.db is empty/],
  ['berth.db has one byte', cutTo('berth.db', () => 1), /database/],
  ['berth.db has half a header', cutTo('berth.db', () => 50), /database/],
  ['berth.db has one page', cutTo('berth.db', () => 4096), /database/],
  ['berth.db is cut in the middle', cutTo('berth.db', (size) => size / 2), /database/],
  ['berth.db lacks its last page', cutTo('berth.db', (size) => size - 4096), 'truth'],
  ['berth.db lacks its last byte', cutTo('berth.db', (size) => size - 1), 'truth'],
  ['berth.db is garbage', garbage('berth.db'), /database/],
  ['berth.db is zeros', change('berth.db', (bytes) => bytes.fill(0)), /database/],
  ['berth.db has no header', change('berth.db', (bytes) => bytes.fill(0, 0, 100)), /database/],
  ['berth.db is a folder', inTurn(remove('berth.db'), (data) => mkdirSync(join(data, 'berth.db'))), /berth\.db/],
  ['berth.db is another database', strange, /berth\.db/],
  ['berth.db is another database, installation is missing', inTurn(strange, remove('installation')), /berth\.db/],
  ['berth.db has no installation', sql(`delete from meta where name = 'installation'`), /installation/],
  ['berth.db has no versions', sql('drop table schema_version'), /already exists/],
  ['berth.db is of a newer program', sql(`insert into schema_version values (999, 'later', 0)`), /schema version 999/],
  ['berth.db is of an older program', sql(...newerThanFirst, 'delete from schema_version where version >= 2'), 'all'],
  ['berth.db is of another registry', takeFromOther('berth.db'), /belongs to another database/],
  ['blobs are of another registry', takeFromOther('blobs'), 'rows'],
  ['all but blobs are of another registry', takeFromOther('berth.db', 'installation', 'uploads'), 'none'],
  ['installation is missing', remove('installation'), 'all'],
  ['installation is empty', empty('installation'), /installation is damaged/],
  ['installation is cut', cutTo('installation', () => 20), /installation is damaged/],
  ['installation is garbage', garbage('installation'), /installation is damaged/],
  ['installation is of another registry', takeFromOther('installation'), /belongs to another database/],
  ['installation and berth.db are missing', remove('installation', 'berth.db'), /berth\.db is missing/],
  ['berth.lock is missing', remove('berth.lock'), 'all'],
  ['berth.lock is empty', empty('berth.lock'), 'all'],
  ['berth.lock is garbage', garbage('berth.lock'), /berth\.lock/],
  ['blobs are missing', remove('blobs'), 'rows'],
  ['blobs are elsewhere', (data) => renameSync(join(data, 'blobs'), join(data, 'elsewhere')), 'rows'],
  ['blobs is a file', fileInstead('blobs'), 'truth'],
  ['uploads are missing', remove('uploads'), 'all'],
  ['uploads is a file', fileInstead('uploads'), 'all'],
]

const killed: [string, Damage, Case['outcome']][] = [
  ['nothing, after a kill', () => undefined, 'all'],
  ['berth.db-shm is missing', remove('berth.db-shm'), 'all'],
  ['berth.db-shm is empty', empty('berth.db-shm'), 'all'],
  ['berth.db-shm is garbage', garbage('berth.db-shm'), 'all'],
  ['berth.db-wal is missing', remove('berth.db-wal'), 'old'],
  ['berth.db-wal is empty', empty('berth.db-wal'), 'old'],
  ['berth.db-wal is cut in its header', cutTo('berth.db-wal', () => 10), 'old'],
  ['berth.db-wal is cut in the middle', cutTo('berth.db-wal', (size) => size / 2), 'old'],
  ['berth.db-wal lacks its last byte', cutTo('berth.db-wal', (size) => size - 1), 'old'],
  ['berth.db-wal is garbage', garbage('berth.db-wal'), 'old'],
  ['berth.db is missing beside its log', remove('berth.db'), /berth\.db is missing/],
  ['berth.db is empty beside its log', empty('berth.db'), /berth\.db is empty/],
  ['berth.db is garbage beside its log', garbage('berth.db'), /database/],
]

/** Some of the pages: each overwritten, and one bit of it turned, which SQLite has no checksum against. */
function pages(): [string, Damage, Case['outcome']][] {
  return Array.from({ length: 12 }, (_, n) => {
    const random = createRandom('page', n)
    const at = (bytes: Buffer): number => 4096 * (1 + Math.floor((n / 12) * (bytes.length / 4096 - 1)))
    const overwrite = change('berth.db', (bytes) => (noise(`page ${n}`, 4096).copy(bytes, at(bytes)), bytes))
    const flip = change('berth.db', (bytes) => {
      const place = at(bytes) + random.below(4096)
      bytes[place] = (bytes[place] ?? 0) ^ (1 << random.below(8))
      return bytes
    })
    const cases: [string, Damage, Case['outcome']][] = [
      [`berth.db is overwritten at ${n}/12`, overwrite, 'truth'],
      [`berth.db has a bit turned at ${n}/12`, flip, 'bytes'],
    ]
    return cases
  }).flat()
}

const named = (from: Case['from']) => ([name, damage, outcome]: [string, Damage, Case['outcome']]): Case => ({ name, from, damage, outcome })

export const cases: readonly Case[] = [...[...stopped, ...pages()].map(named('stopped')), ...killed.map(named('killed'))]

/** Texts of a berth.yaml, and what a refusal says of them; absent: it is as good as none. */
export const configurations: readonly [name: string, text: string | Uint8Array, refusal: RegExp | undefined][] = [
  ['is empty', '', undefined],
  ['is cut after a key', 'gc:\n  lea', /must hold keys|unknown key|not valid YAML/],
  ['is cut inside a value', 'gc:\n  lease: "24', /not valid YAML/],
  ['has a key that is not known', 'gc:\n  leese: 1h\n', /unknown key "gc\.leese"/],
  ['has a value that is none', 'uploads:\n  expiry: soon\n', /uploads\.expiry/],
  ['is garbage', new Uint8Array(noise('configuration', 5_000)), /not valid YAML|cannot read/],
]
