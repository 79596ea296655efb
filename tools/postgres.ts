import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { existsSync, realpathSync, statfsSync } from 'node:fs'
import { findTool, isRoot } from './installed.ts'

export interface TestPostgres {
  /** postgres:// URL of a superuser on the database `postgres`. */
  readonly url: string
  /** Ends the server and removes its folder. */
  stop(): Promise<void>
}

// Lives until its standard input closes, which also happens when the process holding the other end is killed: then it ends the
// server and removes the folder. $1: folder of the PostgreSQL programs, $2: port, $3: where to make the folder, $PGPASSWORD: the
// superuser's password.
const keeper = `
set -eu
umask 077
dir=$(mktemp -d "$3/berth-postgres.XXXXXX")
server=
finish() {
  if [ -n "$server" ]; then
    kill -QUIT "$server" 2>/dev/null || :
    wait "$server" || :
  fi
  rm -rf "$dir"
}
trap finish EXIT
trap 'exit 130' INT TERM HUP

printf %s "$PGPASSWORD" >"$dir/password"
"$1/initdb" -D "$dir/data" -U postgres -A scram-sha-256 --pwfile="$dir/password" -E UTF8 --locale=C --no-sync >"$dir/log" 2>&1 ||
  { cat "$dir/log" >&2; exit 1; }

# For tests only: nothing written here has to outlive the machine, and no query is on so much that it is worth compiling.
"$1/postgres" -D "$dir/data" -p "$2" -h 127.0.0.1 -k "$dir" \\
  -c fsync=off -c synchronous_commit=off -c full_page_writes=off -c max_wal_size=256MB \\
  -c max_connections=200 -c deadlock_timeout=100ms -c jit=off </dev/null >"$dir/log" 2>&1 &
server=$!
until "$1/pg_isready" -q -h 127.0.0.1 -p "$2"; do
  kill -0 "$server" 2>/dev/null || { cat "$dir/log" >&2; exit 1; }
  sleep 0.02
done

echo ready
cat >/dev/null
`

/** Starts a PostgreSQL of its own on a free loopback port, as an unprivileged user, in a folder that goes with it. */
export async function startPostgres(): Promise<TestPostgres> {
  const program = findTool('postgres')
  if (program === undefined) throw new Error('PostgreSQL is not installed: npm test installs it')
  const port = await freePort()
  const password = crypto.randomUUID()
  const keep = ['sh', '-c', keeper, 'berth-postgres', dirname(realpathSync(program)), String(port), place()]
  const child = Bun.spawn([...asWhom(), ...keep], {
    cwd: '/', // the checkout may be closed to that user
    env: { PATH: process.env['PATH'], PGPASSWORD: password },
    stdin: 'pipe',
    stdout: 'pipe',
    stderr: 'pipe',
  })
  const ready = await child.stdout.getReader().read()
  if (ready.done) throw new Error(`PostgreSQL did not start: ${await child.stderr.text()}`)
  return {
    url: `postgres://postgres:${password}@127.0.0.1:${port}/postgres`,
    async stop() {
      await child.stdin.end()
      await child.exited
    },
  }
}

const memory = '/dev/shm'
const tmpfs = 0x01021994
/** Far more than a test run fills; containers often have 64 MiB there. */
const roomy = 3 * 1024 ** 3

/**
 * In memory where there is room for it: each of hundreds of tests has a database of its own, hundreds of files that a disk makes
 * seven times as slowly.
 */
function place(): string {
  if (!existsSync(memory)) return '/tmp'
  const { type, bavail, bsize } = statfsSync(memory)
  return type === tmpfs && bavail * bsize >= roomy ? memory : '/tmp'
}

/**
 * PostgreSQL refuses to run as root; Debian's package brings a user for it. Bun under --no-orphans has the kernel kill its
 * children when it dies; the keeper must outlive it, to clean up.
 */
function asWhom(): string[] {
  const user = isRoot() ? ['--reuid=postgres', '--regid=postgres', '--init-groups'] : []
  return process.platform === 'linux' ? ['setpriv', '--pdeathsig=clear', ...user] : []
}

/** A port below those the system gives to outgoing connections, so that it is still free when the server binds it. */
export async function freePort(): Promise<number> {
  const port = 20_000 + Math.floor(Math.random() * 12_000)
  const server = createServer()
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => resolve(true))
  })
  if (!free) return freePort()
  await new Promise((resolve) => server.close(resolve))
  return port
}
