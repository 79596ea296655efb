/** A program outside node_modules that tests run, under the name `findTool` knows it by. */
export interface Component {
  readonly name: string
  /** What no test shows without it. */
  readonly covers: string
  readonly install: { readonly apt: string } | { readonly go: string; readonly version: string }
  /** Folders to look in before PATH; `*` stands for any one folder, the highest first. */
  readonly folders?: readonly string[]
  /** It only runs as root; for anyone else it is as good as missing. */
  readonly root?: boolean
}

/** Debian's packages are those of Debian 12. Go programs are pinned: a new version is a change of this file. */
export const components: readonly Component[] = [
  {
    name: 'postgres',
    covers: 'the database tests on PostgreSQL',
    install: { apt: 'postgresql' },
    folders: ['/usr/lib/postgresql/*/bin'],
  },
  {
    name: 'dockerd',
    covers: 'docker build, push, pull and run, also after the database was lost',
    install: { apt: 'docker.io' },
    folders: ['/usr/sbin'],
    root: true,
  },
  {
    // Before PATH, so that client and daemon come from one package.
    name: 'docker',
    covers: 'docker build, push, pull and run',
    install: { apt: 'docker.io' },
    folders: ['/usr/bin'],
  },
  {
    name: 'skopeo',
    covers: 'pushes and pulls by skopeo',
    install: { apt: 'skopeo' },
  },
  {
    name: 'podman',
    covers: 'podman build, push, pull and run',
    install: { apt: 'podman' },
    root: true,
  },
  {
    name: 'buildah',
    covers: 'images built by buildah on images pulled, and pushed',
    install: { apt: 'buildah' },
    root: true,
  },
  {
    name: 'containerd',
    covers: 'pushes and pulls by containerd',
    install: { apt: 'containerd' },
    root: true,
  },
  {
    name: 'ctr',
    covers: 'pushes and pulls by containerd',
    install: { apt: 'containerd' },
  },
  {
    name: 'crane',
    covers: 'pushes and pulls by crane',
    install: { go: 'github.com/google/go-containerregistry/cmd/crane', version: 'v0.22.1' },
  },
  {
    name: 'docker-registry',
    covers: 'that the checks of conformance/ see what another registry does otherwise, and that Berth takes over from it',
    install: { apt: 'docker-registry' },
  },
  {
    name: 'distribution',
    covers: 'the benchmark beside distribution 3',
    install: { go: 'github.com/distribution/distribution/v3/cmd/registry', version: 'v3.1.1' },
  },
  {
    name: 'wrk',
    covers: 'the workloads of the benchmark that ask for one thing as often as it goes',
    install: { apt: 'wrk' },
  },
  {
    name: 'openssl',
    covers: 'logging in with tokens, certificates for the signatures of notation',
    install: { apt: 'openssl' },
  },
  {
    name: 'nginx',
    covers: 'the samples for nginx, the checks through a proxy that asks for a password',
    install: { apt: 'nginx-light' },
    folders: ['/usr/sbin'],
  },
  {
    name: 'systemd-analyze',
    covers: 'that the unit for systemd is in order and allows what Berth does',
    install: { apt: 'systemd' },
  },
  {
    name: 'curl',
    covers: '`Expect: 100-continue`, and the address of a client behind nginx',
    install: { apt: 'curl' },
  },
  {
    name: 'strace',
    covers: 'writes that the kernel refuses (read-only, over quota, a broken disk), and which files hostile requests open',
    install: { apt: 'strace' },
  },
  {
    name: 'oras',
    covers: 'artifacts and referrers by oras',
    install: { go: 'oras.land/oras/cmd/oras', version: 'v1.3.3' },
  },
  {
    name: 'regctl',
    covers: 'blobs in chunks, sha512, referrers and copies by regctl',
    install: { go: 'github.com/regclient/regclient/cmd/regctl', version: 'v0.11.5' },
  },
  {
    name: 'helm',
    covers: 'charts pushed and pulled by helm',
    install: { go: 'helm.sh/helm/v3/cmd/helm', version: 'v3.21.0' },
  },
  {
    name: 'notation',
    covers: 'signatures by notation',
    install: { go: 'github.com/notaryproject/notation/cmd/notation', version: 'v1.3.2' },
  },
  {
    name: 'cosign',
    covers: 'signatures and attestations by cosign',
    install: { go: 'github.com/sigstore/cosign/v3/cmd/cosign', version: 'v3.0.6' },
  },
  {
    name: 'buildkitd',
    covers: 'images with attestations and caches by BuildKit',
    install: { go: 'github.com/moby/buildkit/cmd/buildkitd', version: 'v0.29.0' },
    root: true,
  },
  {
    name: 'buildctl',
    covers: 'images with attestations and caches by BuildKit',
    install: { go: 'github.com/moby/buildkit/cmd/buildctl', version: 'v0.29.0' },
  },
]

export function componentNamed(name: string): Component {
  const component = components.find((one) => one.name === name)
  if (component === undefined) throw new Error(`no component named ${name} in tools/components.ts`)
  return component
}
