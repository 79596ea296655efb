import { cleanEnvironment } from '../server.ts'

/** A daemon of its own with everything it keeps. */
export interface Daemon {
  /** Its folder: what it keeps, and its sockets. */
  readonly folder: string
  /** Ends it with everything it started. */
  stop(): Promise<void>
}

/*
 * Both shells live until their standard input closes, which also happens when the test run is killed. The daemon and all that it
 * starts are in a process and a mount namespace of their own: when the first process of it ends, the kernel kills all others and
 * drops their mounts, whatever state they are in. Nothing of them is worth an orderly stop.
 *
 * $1: the script in the namespaces, the rest: its arguments behind folder and group
 */
const outside = `
set -eu
umask 077
dir=$(mktemp -d "\${TMPDIR:-/tmp}/berth-daemon.XXXXXX")
group=$(basename "$dir")
finish() {
  for path in /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group"; do
    if [ -d "$path" ]; then find "$path" -depth -type d -exec rmdir {} +; fi
  done
  rm -rf "$dir"
}
trap finish EXIT
script=$1
shift
unshare --pid --mount --fork --kill-child --mount-proc sh -c "$script" daemon "$dir" "$group" "$@"
`

/**
 * Starts a daemon in a temporary folder; needs root. Nothing of it is left after `stop`, or when the test run ends.
 * @param script runs with the folder as `$1`, the name of a cgroup for containers as `$2`, `words` behind them; it prints a line
 * once the daemon answers, and ends when its standard input does
 * @throws Error with what it printed when it ends instead
 */
export async function startDaemon(script: string, words: readonly string[], path: readonly string[]): Promise<Daemon> {
  const child = Bun.spawn(['setpriv', '--pdeathsig=clear', 'sh', '-c', outside, 'berth-daemon', script, ...words], {
    cwd: '/',
    env: cleanEnvironment({ PATH: ['/usr/sbin', '/usr/bin', '/sbin', '/bin', ...path].join(':') }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const ready = await child.stdout.getReader().read()
  if (ready.done) throw new Error(`the daemon did not start: ${await child.stderr.text()}`)
  return Object.freeze({
    folder: new TextDecoder().decode(ready.value).trim(),
    async stop() {
      await child.stdin.end()
      await child.exited
    },
  })
}
