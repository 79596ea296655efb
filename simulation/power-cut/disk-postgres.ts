import { realpathSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { findTool } from '../../tools/installed.ts'
import { freePort } from '../../tools/postgres.ts'
import { PostgresProcess } from '../rig/postgres-process.ts'
import type { ImageDisk } from './image-disk.ts'

// PostgreSQL refuses to run as root; Debian's package brings a user for it.
const asPostgres = ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups']

/** A PostgreSQL server whose files are on a disk that loses its power. Durable as PostgreSQL is when nobody configures it. */
export async function createDiskPostgres(disk: ImageDisk): Promise<PostgresProcess> {
  const program = findTool('postgres')
  if (program === undefined) throw new Error('PostgreSQL is not installed: npm test installs it')
  const programs = dirname(realpathSync(program))
  const [port, password] = [await freePort(), crypto.randomUUID()]
  writeFileSync(`${disk.fromHere}/password`, password, { mode: 0o600 })
  await disk.run(`chown postgres "$1/password"; mkdir "$1/postgres"; chown postgres "$1/postgres"; cd "$1/postgres"
    ${asPostgres.join(' ')} ${programs}/initdb -D "$1/postgres/data" -U postgres -A scram-sha-256 --pwfile="$1/password" \\
      -E UTF8 --locale=C
    rm "$1/password"; sync -f "$1"`)
  const settings = ['-p', String(port), '-h', '127.0.0.1', '-k', '', '-c', 'deadlock_timeout=100ms']
  const command = [...disk.under, ...asPostgres, `${programs}/postgres`, '-D', `${disk.path}/postgres/data`, ...settings]
  const server = new PostgresProcess(command, `postgres://postgres:${password}@127.0.0.1:${port}/postgres`)
  await server.start()
  return server
}
