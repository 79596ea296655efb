import { startDaemon, type Daemon } from './private-daemon.ts'

// $1: folder, $2: not used, $3: containerd
const script = `
set -eu
echo 'version = 2
disabled_plugins = ["io.containerd.grpc.v1.cri", "io.containerd.internal.v1.opt"]' >"$1/config.toml"
"$3" --config "$1/config.toml" --root "$1/root" --state "$1/state" --address "$1/socket" </dev/null >"$1/log" 2>&1 &
until [ -S "$1/socket" ] && grep -q 'successfully booted' "$1/log"; do
  kill -0 $! 2>/dev/null || { cat "$1/log" >&2; exit 1; }
  sleep 0.05
done
echo "$1"
cat >/dev/null
`

/** Starts a containerd in a temporary folder, with its socket as `socket` in there; needs root. Nothing of it is left after `stop`. */
export function startContainerd(containerd: string): Promise<Daemon> {
  return startDaemon(script, [containerd], [])
}
