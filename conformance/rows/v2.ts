/** What the official program of distribution-spec's main branch runs, in our words: a row for each of its tests. */

const blobs: Readonly<Record<string, string>> = {
  'get-missing': 'a blob that is not there is 404',
  'post-only': 'a push in one POST',
  'post-put': 'POST, then PUT with the content',
  'chunked-single': 'the content as one chunk, then an empty PUT',
  stream: 'a streamed PATCH without Content-Range, then an empty PUT',
  mount: 'a mount from a repository',
  'mount-anonymous': 'a mount from nowhere in particular',
  'mount-missing': 'a mount of what is nowhere becomes an upload',
  'post-cancel': 'an upload is cancelled with 204',
  'chunked-multi': 'three chunks',
  'chunked-multi-put-chunk': 'three chunks, the last one with the closing PUT',
  'out-of-order': 'a chunk in the wrong place is 416 and the upload goes on',
  'out-of-order-put-chunk': 'the same of the closing PUT',
  range: 'single ranges, open at either end, cut at the end, and two that cannot be satisfied',
  empty: 'a blob of no bytes',
  'empty-json': 'the blob {}',
  'bad-digest-post-only': 'other content than the digest says, in one POST',
  'bad-digest-post-put': 'the same with PUT',
  'bad-digest-chunked': 'the same in chunks',
  'bad-digest-chunked-put-chunk': 'the same with the last chunk in the PUT',
  'bad-digest-stream': 'the same streamed',
  head: 'after each push HEAD has the length and no body',
  get: 'after each push GET has the bytes',
  delete: 'a deleted blob is gone at once',
}

const dataSets: Readonly<Record<string, string>> = {
  image: 'an image',
  'image-uncompressed': 'an image with plain layers',
  'large-manifest': 'a manifest of 3.9 MB',
  index: 'an index of two platforms',
  'nested-index': 'an index in an index',
  'empty-index': 'an index of nothing',
  artifact: 'an artifact',
  'artifact-index': 'an index of artifacts',
  'artifact-without-layers': 'an artifact without content',
  'artifacts-with-subject': 'an image with referrers of several types',
  'index-with-subject': 'an index that refers to something',
  'missing-subject': 'a referrer of what was never pushed',
  'data-field': 'content in a descriptor',
  'non-distributable-layers': 'layers that are never pushed',
  'custom-fields': 'members and media types that nobody knows',
  'no-layers': 'an image without layers',
  sparse: 'an index of images that were never pushed, where the registry takes such (off in the program unless asked for)',
  sha512: 'everything named by sha512',
  'tag-param-sha256': 'tags as parameters of a push by digest',
  'tag-param-sha512': 'the same with sha512',
  'bad-digest-image': 'a manifest with other bytes than its digest says',
}

const steps: Readonly<Record<string, string>> = {
  push: '201 with a Location that leads to the bytes, the digest, and OCI-Subject',
  'tag-list': 'the tags are listed, and from any one on',
  head: 'HEAD by digest and by tag',
  pull: 'GET by digest and by tag, byte for byte and in the very media type',
  referrers: 'every referrer with its type, size and annotations; the filter is announced',
  delete: 'tags, manifests and blobs are gone at once; a tag leaves its manifest',
}

const single: Readonly<Record<string, string>> = {
  'v2/ping': 'the API answers at its root',
  'v2/empty/tag-list': 'the tags of a repository nobody pushed to: 200 or 404',
  'v2/empty/referrers': 'the referrers of nothing: an empty index of the right type',
  'v2/missing-manifest/by-digest': 'a manifest that is not there is 404',
  'v2/missing-manifest/by-tag': 'a tag that is not there is 404',
  'v2/invalid-digest/put': 'a push by something that is no digest is 400',
  'v2/invalid-digest/get': 'a pull by something that is no digest is 400 or 404',
}

const under = (prefix: string, rows: Readonly<Record<string, string>>): [string, string][] =>
  Object.entries(rows).map(([id, text]) => [`${prefix}/${id}`, text])

export const v2: Readonly<Record<string, string>> = Object.fromEntries([
  ...Object.entries(single),
  ...under('v2/sha256', blobs),
  ...under('v2/sha512', blobs),
  ...under('v2/data', dataSets),
  ...under('v2/step', steps),
])
