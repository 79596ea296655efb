import { DatabaseError } from '../database.ts'
import { readInstallation, readSecret, type Installation } from '../installation.ts'
import { statement, type Statement } from '../statement.ts'
import type { Tx } from '../transaction.ts'
import { migrations, type DialectTypes, type Migration } from './index.ts'

/** What a migration needs of a connection; it runs inside one transaction that excludes every other migration. */
export interface MigratingConnection extends Pick<Tx, 'now' | 'one' | 'run'> {
  /** Runs a statement that makes or changes a table. */
  execute(sql: string): Promise<void>
}

const createVersions = (types: DialectTypes) =>
  `create table if not exists schema_version (version ${types.integer} primary key, name ${types.text} not null, applied_at ${types.integer} not null)`
const newestVersion = statement<{ version: number | null }>('select max(version) as version from schema_version')
const recordVersion = statement('insert into schema_version (version, name, applied_at) values ($1, $2, $3)')
const writeMeta = statement('insert into meta (name, value) values ($1, $2)')

/**
 * Brings the schema to this program's version and answers the installation, made on first use. Fails with `newer`
 * when a newer program has been here: its rows could mean what this one does not know.
 */
export async function migrate(
  connection: MigratingConnection,
  types: DialectTypes,
  fresh: Installation,
  steps: readonly Migration[] = migrations,
): Promise<Installation> {
  await connection.execute(createVersions(types))
  const present = (await connection.one(newestVersion))?.version ?? 0
  const known = steps.at(-1)?.version ?? 0
  if (present > known) throw newerSchema(present, known)
  for (const step of steps.filter(({ version }) => version > present)) {
    for (const sql of step.statements(types)) await connection.execute(sql)
    await step.fill?.(connection)
    await connection.run(recordVersion, step.version, step.name, connection.now)
  }
  const id = await readOrWrite(connection, 'installation', readInstallation, fresh.id)
  const secret = await readOrWrite(connection, 'secret', readSecret, fresh.secret)
  return { id, secret }
}

/**
 * Answers the installation's id of a database that is only looked at. Fails with `newer` or `failed` when its schema is not
 * this program's, and with `corrupt` when it is not a registry's.
 */
export async function checkSchema(connection: Pick<Tx, 'one'>): Promise<Installation> {
  const present = (await connection.one(newestVersion))?.version ?? 0
  const known = migrations.at(-1)?.version ?? 0
  if (present > known) throw newerSchema(present, known)
  if (present < known) {
    throw new DatabaseError('failed', `the database has schema version ${present}, this program's is ${known}: start the server once, which brings it up to date`)
  }
  const [id, secret] = [await connection.one(readInstallation), await connection.one(readSecret)]
  if (id === undefined || secret === undefined) throw new DatabaseError('corrupt', 'the database has no installation id: restore it from a backup')
  return { id: id.value, secret: secret.value }
}

function newerSchema(present: number, known: number): DatabaseError {
  return new DatabaseError(
    'newer',
    `the database has schema version ${present}, but this program knows versions up to ${known}: start the newer program that wrote it`,
  )
}

async function readOrWrite(connection: MigratingConnection, name: string, read: Statement<{ value: string }>, fresh: string): Promise<string> {
  const present = await connection.one(read)
  if (present !== undefined) return present.value
  await connection.run(writeMeta, name, fresh)
  return fresh
}
