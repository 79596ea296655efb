/**
 * What clients are known to do that a registry may trip over, and which test shows that Berth does not: one with the client, or
 * the checks of a row of the protocol. A quirk without a test says why it has none.
 */
export type Quirk = {
  /** The client, or the kind of thing, that it is about. */
  readonly of: string
  readonly quirk: string
} & ({ readonly shown: readonly Shown[] } | { readonly untested: string })

/** A test of a file in this folder, by its name as it stands there, or a row of ../rows/quirks.ts. */
export type Shown = { readonly file: string; readonly test: string } | { readonly row: string }

const noLogin = 'Berth has no log-in yet: no answer asks for one, and there are no tokens'
const noTls = 'Berth serves no TLS yet, and HTTP/2 is spoken over TLS alone'
const newer = (what: string) => `not in the version of Debian 12; ${what}`

const here = (file: string, test: string): Shown => ({ file: `${file}.test.ts`, test })
const row = (name: string): Shown => ({ row: `quirks/${name}` })
const tested = (of: string, quirk: string, ...shown: Shown[]): Quirk => ({ of, quirk, shown })
const without = (of: string, quirk: string, untested: string): Quirk => ({ of, quirk, untested })

const dockerTraffic = here('docker-formats', 'a push: chunked PATCH without a word about it, an empty PUT; a pull: HEAD first')
const dockerAgain = here('docker', 'a second push sends no layer again, one to another repository mounts them')
const dockerAttested = here('docker-formats', 'an index with an attestation beside the image, as newer engines push it')
const buildkitAttested = here('buildkit', 'an index with an attestation for a platform that nobody knows')
const ctrPush = here('ctr', 'an image is pushed by a single PUT for each blob, and comes back the same')
const ctrHeads = here('ctr', 'HEAD says what a tag is; a digest that is no manifest is looked for among the blobs')
const podmanTraffic = here('podman', 'a push: a ping, PATCH with its length and no Content-Range, an empty PUT')
const craneMount = here('crane', 'TLS is tried first; a copy mounts what the other repository has')
const cosignTags = here('cosign', 'the older layout: a tag of the digest, moved by a second signature')
const cosignBundle = here('cosign', 'a bundle refers to the image it signs, and no tag is made')

const general: readonly Quirk[] = [
  without('all', '401 with a Bearer challenge on /v2/ for anonymous callers', noLogin),
  without('all', 'a token answer has token, access_token, expires_in and issued_at', noLogin),
  tested(
    'all',
    'Location and Link are absolute paths, whatever proxy stands in front',
    row('location-path-absolute'),
    row('link-path-absolute'),
  ),
  tested(
    'all',
    'PATCH 202 carries Range: 0-N without a unit, and 0-0 for an empty session',
    row('range-of-202'),
    row('range-empty-session'),
  ),
  tested(
    'all',
    'HEAD carries length, digest and type; PUT of a manifest its digest',
    row('head-headers'),
    row('manifest-put-digest'),
    ctrHeads,
  ),
  tested(
    'all',
    'a streamed PATCH without headers, a PUT with the whole body',
    row('patch-bare'),
    row('put-whole'),
    row('manifest-chunked'),
  ),
  tested(
    'all',
    'no refusal of a failed mount, a large n or an unknown parameter',
    row('mount-never-fails'),
    row('large-n'),
    row('unknown-parameters'),
  ),
  without('all', 'an expired token is 401 with error="invalid_token"', noLogin),
  tested('all', 'no Content-Encoding, and no charset on manifests and referrers', row('no-content-encoding'), row('no-charset')),
]

const docker: readonly Quirk[] = [
  tested('docker', 'PATCH is chunked, without length, range or type; PUT is empty', dockerTraffic),
  tested('docker', 'reads Range of a 202 as "%d-%d"', here('docker', 'what is pushed comes back by tag and by digest, and runs')),
  tested('docker', 'Range of an empty session is 0-0', row('range-empty-session')),
  tested('docker', 'fails a push without Docker-Content-Digest on the manifest', dockerAgain),
  tested('docker', 'fails a push when HEAD of a blob has no length', dockerAgain),
  without('docker', 'logs in only after a 401 on /v2/, and wants 200 from then on', noLogin),
  without('docker', 'a refresh_token replaces the password it stored', noLogin),
  without('docker', 'never sends a password to a registry whose /v2/ is 200', noLogin),
  tested('docker', 'HEAD of a tag before it pulls', dockerTraffic),
  tested('docker', 'newer engines push indexes with children for unknown/unknown', dockerAttested, buildkitAttested),
  tested('docker', 'plain HTTP on loopback alone', here('docker', 'what is pushed comes back by tag and by digest, and runs')),
  without('docker', 'a token expires while a layer is pushed', noLogin),
  tested('docker', 'a proxy hides scheme and host', row('location-path-absolute'), row('location-same-origin')),
  tested('docker', 'schema 1', here('skopeo', 'schema 1 is refused with words; the same image in the Docker format is taken')),
  tested(
    'docker',
    'foreign layers are not pushed',
    here('crane', 'layers that may not be distributed are not pushed, and not missed'),
  ),
]

const containerd: readonly Quirk[] = [
  tested('containerd', 'resolves by HEAD with digest and length', ctrHeads),
  tested('containerd', 'adds digest= to a Location that is absolute or a path', ctrPush),
  tested('containerd', 'one PUT with the whole body, whose answer names the digest', ctrPush),
  without('containerd', 'POST for a token first, GET after 400, 401, 404 or 405', noLogin),
  without('containerd', 'repeats a resource in the list of scopes', noLogin),
  without('containerd', 'keeps a token without expires_in for good', noLogin),
  tested('containerd', '?ns= when it pulls from a mirror', here('ctr', 'as a mirror of another registry, named in ?ns=')),
  tested(
    'containerd',
    'Accept-Encoding on blobs (by BuildKit, which has the code of containerd 2)',
    here('buildkit', 'a base image is pulled for a build; it asks for blobs compressed anew and takes them as they are'),
  ),
  without('containerd', 'parallel range requests', newer('a row of the protocol has the ranges')),
  tested('containerd', 'looks for a digest among the blobs when it is no manifest', ctrHeads),
  tested('containerd', 'never asks /v2/', ctrPush),
  tested(
    'BuildKit',
    'a cache is an index of layers with a configuration of its own type, or an image manifest',
    here('buildkit', 'a cache is kept as %s, and found again'),
  ),
  tested('containerd', 'mounts from other repositories', here('ctr', 'what another repository has is mounted')),
]

const containersImage: readonly Quirk[] = [
  without('podman', 'takes the scheme of log-in from /v2/ alone, one challenge', noLogin),
  tested('podman', 'PATCH with a length and no Content-Range', podmanTraffic),
  without(
    'skopeo',
    'cancels the session of a failed mount',
    'it looks for a blob before it mounts it: only a race makes that mount fail',
  ),
  tested('skopeo', 'deletes by digest', here('skopeo', 'tags are listed, and an image is deleted')),
  tested(
    'skopeo',
    'no list of tags may be null; the next page is path and query',
    here('skopeo', 'more tags than fit on a page'),
  ),
  without('skopeo', 'resumes a blob by a range', newer('a row of the protocol has the ranges')),
  without(
    'podman',
    'many ranges in one header for zstd:chunked',
    'needs overlay; a row of the protocol has the ranges',
  ),
  without('skopeo', 'tries another format after MANIFEST_INVALID', 'Berth takes every format that it would try'),
  without('skopeo', '429 with Retry-After', 'Berth limits nobody yet'),
  tested(
    'skopeo',
    'asks for sha256-<hex>.sig',
    here('skopeo', 'a signature of the older layout is asked for, and missed without harm'),
  ),
]

const crane: readonly Quirk[] = [
  tested('crane', 'TLS on the plain port first', craneMount),
  without('crane', 'refuses a realm at another host', noLogin),
  tested('crane', 'refuses pages and uploads at another host', here('crane', 'more tags than fit on a page')),
  tested('crane', 'a type on POST; origin= on mounts', craneMount),
  tested('crane', 'a streamed PATCH', here('crane', 'a layer put on an image that is there, streamed')),
  tested('crane', 'referrers of the exact type', here('crane', 'an artifact that refers to an image is copied like any other')),
  tested(
    'crane',
    'HEAD with type, length and digest',
    here('crane', 'push, digest, manifest, validate and pull, by tag and by digest'),
  ),
  without(
    'kaniko',
    'opens a session to see whether it may push',
    'kaniko unpacks images over the root of the machine it runs on',
  ),
]

const orasAndHelm: readonly Quirk[] = [
  tested('oras', 'referrers of the digest of zeros is 200', row('zero-referrers')),
  tested('oras', 'sha256-<hex> is a tag, not a digest', here('oras', 'a tag that looks like a digest is a tag')),
  without('oras', 'sends its authorization to the same origin alone', noLogin),
  tested(
    'helm',
    'HEAD before it pushes; + becomes _; types of its own',
    here('helm', 'a push looks before it sends, and moves no tag twice'),
    here('helm', 'a chart is pushed, twice, and comes back the same; + becomes _ in its tag'),
  ),
  tested(
    'oras',
    'the empty configuration, which may be a layer too',
    here('oras', 'an artifact without a configuration: the empty blob is there, and may be pushed again'),
  ),
  tested('notation', 'signatures by referrers and by the older tag', here('notation', 'an image is signed by the older tag')),
]

const cosign: readonly Quirk[] = [
  tested('cosign', 'tags named sha256-<hex>.sig, moved when an image is signed again', cosignTags),
  tested('cosign', 'bundles that refer to the image', cosignBundle),
  tested(
    'cosign',
    'copies of signatures by other clients',
    here('signed-copies', 'regctl image copy --referrers --digest-tags takes both'),
  ),
]

const others: readonly Quirk[] = [
  without('kaniko', 'many small tags, mounts by POST', 'kaniko unpacks images over the root of the machine it runs on'),
  without(
    'Jib',
    'exactly one Location; reads the claims of a token',
    'comes as a plugin of Maven and Gradle; a row of the protocol has the Location',
  ),
  without('Watchtower', 'lowercases the challenge', noLogin),
  without('Renovate', 'tags/list?n=10000', 'a service that needs a project to update; a row of the protocol has the n'),
  tested(
    'regctl',
    'digest-algorithm; pieces with Content-Range',
    here('regctl', 'a blob of %s goes up in chunks and comes back the same'),
    here('regctl', 'an image is named by sha512, with its blobs and what refers to it'),
  ),
  tested('regctl', 'deletes one tag, else pushes a manifest over it', here('regctl', 'one tag of an image is deleted by itself')),
  tested(
    'regctl',
    'goes on after 416 where Range says',
    here('regctl', 'an answer lost on the way: the same chunk again is 416, and it goes on from there'),
  ),
  without('zb', 'drops the query of a Location', 'Locations of Berth have none'),
  without('others', 'a registry that answers 200 on /v2/ to everybody', noLogin),
]

const media: readonly Quirk[] = [
  tested('media', 'layers compressed with zstd', here('podman', 'layers compressed with zstd, as they are pushed')),
  tested('media', 'children of an index of any type; attestations', dockerAttested, row('attestations')),
  tested(
    'media',
    'the same digest again is 201',
    here('helm', 'a chart is pushed, twice, and comes back the same; + becomes _ in its tag'),
  ),
  tested('media', 'plugins of docker', here('docker-formats', 'a plugin is pushed, removed and installed again')),
  tested('media', 'deletes of tags', here('regctl', 'one tag of an image is deleted by itself')),
]

const http: readonly Quirk[] = [
  tested('HTTP', 'Docker-Distribution-Api-Version on every answer', here('docker', 'manifest inspect and a manifest list')),
  without('HTTP', 'HTTP/2', noTls),
  without('HTTP', '401 before a chunked body was read', noLogin),
  tested('HTTP', 'Expect: 100-continue', row('expect-continue')),
  without('HTTP', 'limits of Node', 'Berth does not run on Node'),
  tested('HTTP', '%3A in a digest', row('encoded-digest')),
  tested('HTTP', '/v2 and /v2/, and // in paths', row('ping'), row('trailing-slash')),
]

const rooms = [general, docker, containerd, containersImage, crane, orasAndHelm, cosign, others, media, http]

export const quirks: readonly Quirk[] = rooms.flat()
