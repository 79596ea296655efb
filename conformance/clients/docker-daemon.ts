import { dirname } from 'node:path'
import { runProgram, succeed, type Finished } from '../run-program.ts'
import { startDaemon } from './private-daemon.ts'

/** A docker engine of its own, with its client. */
export interface Docker {
  /** The folder of all that the engine keeps. */
  readonly folder: string
  /**
   * Runs the client and returns what it printed.
   * @throws Error with its words when it fails
   */
  run(...words: string[]): Promise<string>
  /** Runs the client, whatever comes of it. */
  attempt(...words: string[]): Promise<Finished>
  /** The same, with something to read on its standard input. */
  feed(input: string, ...words: string[]): Promise<Finished>
  /** Ends it with everything it started. */
  stop(): Promise<void>
}

// $1: folder, $2: name of the cgroup above those of the containers, $3: dockerd, $4: docker
const script = `
set -eu
"$3" --data-root "$1/data" --exec-root "$1/exec" --pidfile "$1/pid" -H "unix://$1/docker.sock" --cgroup-parent "/$2" \\
  --exec-opt native.cgroupdriver=cgroupfs --storage-driver=vfs --iptables=false --ip6tables=false --bridge=none \\
  </dev/null >"$1/log" 2>&1 &
until [ -S "$1/docker.sock" ] && "$4" -H "unix://$1/docker.sock" version >/dev/null 2>&1; do
  kill -0 $! 2>/dev/null || { cat "$1/log" >&2; exit 1; }
  sleep 0.05
done
echo "$1"
cat >/dev/null
`

/** Starts an engine in a temporary folder; needs root. Nothing of it is left after `stop`, or when the test run ends. */
export async function startDocker(dockerd: string, docker: string): Promise<Docker> {
  const daemon = await startDaemon(script, [dockerd, docker], [dirname(dockerd)])
  const { folder } = daemon
  const env = {
    HOME: folder,
    DOCKER_CONFIG: `${folder}/client`,
    DOCKER_HOST: `unix://${folder}/docker.sock`,
    // The builder that is part of the engine: it needs nothing else, no plugin and no network.
    DOCKER_BUILDKIT: '0',
  }
  return Object.freeze({
    folder,
    run: (...words: string[]) => succeed([docker, ...words], { env }),
    attempt: (...words: string[]) => runProgram([docker, ...words], { env }),
    feed: (input: string, ...words: string[]) => runProgram([docker, ...words], { env, input }),
    stop: () => daemon.stop(),
  })
}
