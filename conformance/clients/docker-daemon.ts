import { dirname } from 'node:path'
import { runProgram, succeed, type Finished } from '../run-program.ts'
import { cleanEnvironment } from '../server.ts'

/** A docker engine of its own, with its client. */
export interface Docker {
  /**
   * Runs the client and returns what it printed.
   * @throws Error with its words when it fails
   */
  run(...words: string[]): Promise<string>
  /** Runs the client, whatever comes of it. */
  attempt(...words: string[]): Promise<Finished>
  /** Ends it with everything it started. */
  stop(): Promise<void>
}

/*
 * Both shells live until their standard input closes, which also happens when the test run is killed. The engine, containerd,
 * its shims and all containers are in a process and a mount namespace of their own: when the first process of it ends, the kernel
 * kills all others and drops their mounts, whatever state they are in. Nothing of them is worth an orderly stop.
 *
 * $1: the other script, $2: dockerd, $3: docker
 */
const outside = `
set -eu
umask 077
dir=$(mktemp -d "\${TMPDIR:-/tmp}/berth-dockerd.XXXXXX")
group=$(basename "$dir")
finish() {
  for path in /sys/fs/cgroup/"$group" /sys/fs/cgroup/*/"$group"; do
    if [ -d "$path" ]; then find "$path" -depth -type d -exec rmdir {} +; fi
  done
  rm -rf "$dir"
}
trap finish EXIT
unshare --pid --mount --fork --kill-child --mount-proc sh -c "$1" dockerd "$2" "$3" "$dir" "$group"
`

// $1: dockerd, $2: docker, $3: folder, $4: name of the cgroup above those of the containers
const inside = `
set -eu
"$1" --data-root "$3/data" --exec-root "$3/exec" --pidfile "$3/pid" -H "unix://$3/docker.sock" --cgroup-parent "/$4" \\
  --exec-opt native.cgroupdriver=cgroupfs --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none \\
  </dev/null >"$3/log" 2>&1 &
until [ -S "$3/docker.sock" ] && "$2" -H "unix://$3/docker.sock" version >/dev/null 2>&1; do
  kill -0 $! 2>/dev/null || { cat "$3/log" >&2; exit 1; }
  sleep 0.05
done
echo "$3"
cat >/dev/null
`

/** Starts an engine in a temporary folder; needs root. Nothing of it is left after `stop`, or when the test run ends. */
export async function startDocker(dockerd: string, docker: string): Promise<Docker> {
  const path = ['/usr/sbin', '/usr/bin', '/sbin', '/bin', dirname(dockerd)].join(':')
  const child = Bun.spawn(['setpriv', '--pdeathsig=clear', 'sh', '-c', outside, 'berth-dockerd', inside, dockerd, docker], {
    cwd: '/',
    env: cleanEnvironment({ PATH: path }),
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
  })
  const ready = await child.stdout.getReader().read()
  if (ready.done) throw new Error(`dockerd did not start: ${await child.stderr.text()}`)
  const folder = new TextDecoder().decode(ready.value).trim()
  const env = {
    HOME: folder,
    DOCKER_CONFIG: `${folder}/client`,
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    // The builder that is part of the engine: it needs nothing else, no plugin and no network.
    DOCKER_BUILDKIT: '0',
  }
  return Object.freeze({
    run: (...words: string[]) => succeed([docker, ...words], { env }),
    attempt: (...words: string[]) => runProgram([docker, ...words], { env }),
    async stop() {
      await child.stdin.end()
      await child.exited
    },
  })
}
