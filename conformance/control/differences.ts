import type { Outcome } from '../checks/run-check.ts'

/** What docker-registry 2.8.2 does otherwise than the checks ask for. */
export interface Difference {
  readonly checks: readonly string[]
  readonly outcome: Outcome
  readonly does: string
  /** Why the specification allows that, or where the fault is known. */
  readonly why: string
}

/** The checks of one group. */
const of = (group: string, ...ids: readonly string[]): string[] => ids.map((id) => `${group}/${id}`)

export const differences: readonly Difference[] = [
  {
    checks: of('mounts', 'anonymous-sha256'),
    outcome: 'not supported',
    does: 'begins an upload when a mount names no repository',
    why: 'the specification leaves it to the registry whether it looks for the blob elsewhere',
  },
  {
    checks: of('blob-push', 'post-only-sha256', 'post-only-sha512'),
    outcome: 'not supported',
    does: 'answers a POST with the content with 202 and takes it with a PUT',
    why: 'the specification leaves it to the registry whether it takes a blob in one POST',
  },
  {
    checks: [
      ...of('mounts', 'known-sha512', 'anonymous-sha512', 'missing-sha512'),
      ...of('blob-push', 'post-put-sha512', 'put-streamed-sha512', 'stream-sha512', 'patch-with-length-sha512', 'one-chunk-sha512'),
      ...of('blob-push', 'three-chunks-sha512', 'chunk-in-put-sha512', 'empty-sha512', 'empty-json-sha512'),
      ...of('blob-pull', 'ranges-sha512'),
    ],
    outcome: 'failed',
    does: 'stores a blob pushed by its sha512 digest under sha256 and names that in its answer',
    why: 'distribution/distribution#4420: blobs and manifests are linked by sha256 only',
  },
  {
    checks: of(
      'data-sets', 'an-image-by-sha512', 'an-image-by-sha512-with-tags', 'an-index-by-sha512', 'an-index-by-sha512-altered',
      'an-artifact-by-sha512', 'an-image-and-what-refers-to-it-by-sha512', 'an-image-and-what-refers-to-it-by-sha512-altered',
    ),
    outcome: 'failed',
    does: 'refuses a manifest pushed by its sha512 digest with 400 DIGEST_INVALID',
    why: 'distribution/distribution#4420',
  },
  {
    checks: of(
      'blob-push', 'out-of-order-sha256', 'out-of-order-sha512', 'out-of-order-put-chunk-sha256', 'out-of-order-put-chunk-sha512',
    ),
    outcome: 'failed',
    does: 'takes a chunk whatever its Content-Range says',
    why: 'distribution/distribution#3141, fixed in 3.0',
  },
  {
    checks: of('blob-push', 'chunk-again'),
    outcome: 'failed',
    does: 'answers 404 BLOB_UPLOAD_INVALID at a Location before the last one: the offset is signed into it',
    why: 'distribution/distribution#3141: the specification has 416 since 1.1',
  },
  {
    checks: of('blob-pull', 'ranges-sha256'),
    outcome: 'failed',
    does: 'announces the length of the whole blob with a 416 and closes the connection without it',
    why: 'a fault of 2.8: the header is set before the range is judged',
  },
  {
    checks: of('uploads', 'begin-without-slash'),
    outcome: 'failed',
    does: 'sends a POST without the slash elsewhere with 301',
    why: 'the specification writes the slash; clients do without it at their own risk',
  },
  {
    checks: of('uploads', 'location-path'),
    outcome: 'failed',
    does: 'names itself in full, as the request named it, unless http.relativeurls is set',
    why: 'allowed; distribution/distribution#2225 and others tell what proxies make of it',
  },
  {
    checks: of('manifests', 'no-digest-get', 'no-digest-put'),
    outcome: 'failed',
    does: 'takes sha256:baddigeststring for a tag and fails with 500, its paths in the answer',
    why: 'a fault of 2.8: the reference is matched as a digest or else used as a tag without another look',
  },
  {
    checks: of('manifests', 'no-accept'),
    outcome: 'failed',
    does: 'hides an OCI manifest with 404 from a client that does not name its type in Accept',
    why: 'written for clients older than OCI; the specification lets Accept decide',
  },
  {
    checks: of('data-sets', 'an-image-with-tags'),
    outcome: 'not supported',
    does: 'passes over tag parameters',
    why: 'they are in the main branch of the specification only',
  },
  {
    checks: of('data-sets', 'sparse'),
    outcome: 'not supported',
    does: 'refuses an index whose images are not there',
    why: 'the specification lets a registry ask for them',
  },
  {
    checks: of('data-sets', 'layers-that-are-not-to-be-pushed', 'a-Docker-image-with-a-foreign-layer'),
    outcome: 'failed',
    does: 'refuses layers with urls that validation.manifests.urls does not allow, with 500',
    why: 'none is allowed by default',
  },
  {
    checks: of('lists', 'tags-sorted'),
    outcome: 'failed',
    does: 'lists tags in no order',
    why: 'distribution/distribution#3143, in 3.0',
  },
  {
    checks: of('lists', 'tags-n-1', 'tags-n-2', 'tags-n-5', 'tags-n-6', 'tags-n-11', 'tags-n-12')
      .concat(of('lists', 'tags-last', 'tags-last-none', 'tags-link')),
    outcome: 'failed',
    does: 'lists all tags, whatever n and last say',
    why: 'distribution/distribution#1936, in 3.0',
  },
  {
    checks: of('lists', 'tags-emptied'),
    outcome: 'failed',
    does: 'has null for a list without tags',
    why: 'podman takes that for an error; the specification has a list',
  },
  {
    checks: [
      ...of('referrers', 'of-nothing', 'subject-later', 'fallback-index', 'of-their-repository', 'plus'),
      ...of('data-sets', 'an-image-and-what-refers-to-it', 'an-index-and-what-refers-to-it', 'a-referrer-whose-subject-is-not-there'),
    ],
    outcome: 'not supported',
    does: 'has no referrers: 404',
    why: 'distribution/distribution#3716: the API is younger than 2.8, and 404 tells clients to use tags instead',
  },
  {
    checks: of('deletes', 'tag'),
    outcome: 'not supported',
    does: 'deletes manifests by digest only: 400 for a tag',
    why: 'the specification lets a registry do without',
  },
]

/** The outcome that is known of a check. */
export function knownOutcome(check: string): Outcome {
  return differences.find(({ checks }) => checks.includes(check))?.outcome ?? 'passed'
}
