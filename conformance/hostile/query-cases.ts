import { digestOf } from '../digest.ts'
import { type Control, type HostileCase, requestLine, requestWithBody } from './hostile-case.ts'
import { digestTricks, pathTricks, textTricks, type Trick } from './tricks.ts'

const digest = digestOf('')
const manifest = '{"schemaVersion":2,"manifests":[]}'
const manifestDigest = digestOf(manifest)
const indexType = 'Content-Type: application/vnd.oci.image.index.v1+json\r\n'
const unknownUpload = `/v2/queries/blobs/uploads/${'0'.repeat(8)}-0000-4000-8000-${'0'.repeat(12)}`

const numberTricks: readonly Trick[] = [
  ['below zero', '-1'],
  ['far below zero', '-9223372036854775809'],
  ['a fraction', '1.5'],
  ['an exponent', '1e9'],
  ['a sign', '%2b1'],
  ['hexadecimal', '0x10'],
  ['digits of another script', '%d9%a1'],
  ['no number', 'NaN'],
  ['no end', 'Infinity'],
  ['nothing', ''],
  ['quotes', '"1"'],
  ['a space', '%201'],
  ['two numbers', '1,2'],
  ['a statement', '1;drop%20table%20tag'],
  ['a NUL', '1%00'],
  ['a line feed', '1%0a'],
  ['an array', '%5b1%5d'],
]

/** A number however large is cut to the largest page: who asks for everything gets a page and the way to the next. */
const powers = [2n ** 31n, 2n ** 32n + 1n, 2n ** 53n + 1n, 2n ** 63n]
const largeNumbers = ['0', '00001', '1000000000', ...powers.map(String), '9'.repeat(5000)]

interface Slot {
  readonly slot: string
  readonly request: (text: string) => string
  readonly answers: readonly string[]
}

const numberSlots: readonly Slot[] = [
  {
    slot: 'n of tags',
    request: (text) => requestLine('GET', `/v2/queries/tags/list?n=${text}`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  {
    slot: 'n of the catalog',
    request: (text) => requestLine('GET', `/v2/_catalog?n=${text}`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  {
    slot: 'n of referrers',
    request: (text) => requestLine('GET', `/v2/queries/referrers/${digest}?n=${text}`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
]

/** Any text may be asked to be the last one seen, or be no type, or name what cannot be mounted. */
const textSlots: readonly Slot[] = [
  { slot: 'last of tags', request: (text) => requestLine('GET', `/v2/queries/tags/list?last=${text}`), answers: ['200'] },
  { slot: 'last of the catalog', request: (text) => requestLine('GET', `/v2/_catalog?n=5&last=${text}`), answers: ['200'] },
  {
    slot: 'last of referrers',
    request: (text) => requestLine('GET', `/v2/queries/referrers/${digest}?last=${text}`),
    answers: ['200'],
  },
  {
    slot: 'a type of artifacts',
    request: (text) => requestLine('GET', `/v2/queries/referrers/${digest}?artifactType=${text}`),
    answers: ['200'],
  },
  {
    slot: 'what to mount',
    request: (text) => requestLine('POST', `/v2/queries/blobs/uploads/?mount=${text}&from=queries`),
    answers: ['202'],
  },
  {
    slot: 'where to mount from',
    request: (text) => requestLine('POST', `/v2/queries/blobs/uploads/?mount=${digest}&from=${text}`),
    answers: ['202'],
  },
  {
    slot: 'an unknown parameter',
    request: (text) => requestLine('GET', `/v2/queries/tags/list?${text}=${text}&n`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  {
    slot: 'a further tag',
    request: (text) => requestWithBody('PUT', `/v2/queries/manifests/${manifestDigest}?tag=${text}`, manifest, indexType),
    answers: ['400 TAG_INVALID'],
  },
]

const digestSlots: readonly Slot[] = [
  {
    slot: 'the digest of a whole blob',
    request: (text) => requestWithBody('POST', `/v2/queries/blobs/uploads/?digest=${text}`, 'abc'),
    answers: ['400 DIGEST_INVALID'],
  },
  {
    slot: 'the digest of an upload',
    request: (text) => requestWithBody('PUT', `${unknownUpload}?digest=${text}`, 'abc'),
    answers: ['400 DIGEST_INVALID'],
  },
  {
    slot: 'the algorithm of an upload',
    request: (text) => requestLine('POST', `/v2/queries/blobs/uploads/?digest-algorithm=${text}`),
    answers: ['400 DIGEST_INVALID'],
  },
]

/** What begins another part of a query, or is one, and what a tag may be. */
const legal = (slot: string, text: string): boolean => /[&#]/.test(text) || (slot === 'a further tag' && text === '__proto__')

function casesOf({ slot, request, answers }: Slot, tricks: readonly Trick[]): HostileCase[] {
  return tricks
    .filter(([, text]) => !legal(slot, text))
    .map(([kind, text]) => ({ name: `${slot}: ${kind}`, request: request(text), answers }))
}

const tags = (count: number): string => Array.from({ length: count }, (_, i) => `tag=t${i}`).join('&')

const more: HostileCase[] = [
  {
    name: 'n first wrong, then right',
    request: requestLine('GET', '/v2/_catalog?n=x&n=1'),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  { name: 'n in an escaped name', request: requestLine('GET', '/v2/_catalog?%6e=x'), answers: ['400 PAGINATION_NUMBER_INVALID'] },
  {
    name: 'two thousand parameters',
    request: requestLine('GET', `/v2/_catalog?${'n&'.repeat(2000)}`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  {
    name: 'a query of 15 KB',
    request: requestLine('GET', `/v2/queries/tags/list?n=x&last=${'%41'.repeat(5000)}`),
    answers: ['400 PAGINATION_NUMBER_INVALID'],
  },
  {
    name: 'a query of 60 KB',
    request: requestLine('GET', `/v2/queries/tags/list?last=${'a'.repeat(60_000)}`),
    answers: ['431 bare'],
  },
  { name: 'no digest', request: requestWithBody('PUT', unknownUpload, 'abc'), answers: ['400 DIGEST_INVALID'] },
  {
    name: '65 tags',
    request: requestWithBody('PUT', `/v2/queries/manifests/${manifestDigest}?${tags(65)}`, manifest, indexType),
    answers: ['414 TAG_INVALID'],
  },
  {
    name: 'a thousand tags',
    request: requestWithBody('PUT', `/v2/queries/manifests/${manifestDigest}?${tags(1000)}`, manifest, indexType),
    answers: ['414 TAG_INVALID'],
  },
  {
    name: 'a digest that is not that of the bytes',
    request: requestWithBody('POST', `/v2/queries/blobs/uploads/?digest=${digest}`, 'abc'),
    answers: ['400 DIGEST_INVALID'],
  },
]

const texts = [...pathTricks, ...textTricks]
const noTags: readonly Trick[] = [...texts, ['nothing', ''], ['a digest', digest]]
const noDigests: readonly Trick[] = [...digestTricks, ...texts, ['nothing', '']]

/** Every parameter with every trick. */
export const queryCases: readonly HostileCase[] = [
  ...numberSlots.flatMap((slot) => casesOf(slot, [...numberTricks, ...textTricks])),
  ...textSlots.flatMap((slot) => casesOf(slot, slot.slot === 'a further tag' ? noTags : [...texts, ...digestTricks])),
  ...digestSlots.flatMap((slot) => casesOf(slot, noDigests)),
  ...more,
]

/** They make the repository that the cases ask about. */
export const queryControls: readonly Control[] = [
  {
    name: 'a blob is pushed',
    request: requestLine('POST', `/v2/queries/blobs/uploads/?digest=${digest}`, 'Content-Length: 0\r\n'),
    answers: ['201'],
  },
  {
    name: 'an escaped digest is one',
    request: requestWithBody('POST', `/v2/queries/blobs/uploads/?digest=${digestOf('abc').replace(':', '%3A')}`, 'abc'),
    answers: ['201'],
  },
  {
    name: 'it is mounted',
    request: requestLine('POST', `/v2/queries/other/blobs/uploads/?mount=${digest}&from=queries`),
    answers: ['201'],
  },
  {
    name: 'a manifest is tagged twice',
    request: requestWithBody('PUT', `/v2/queries/manifests/${manifestDigest}?tag=a&tag=b`, manifest, indexType),
    answers: ['201'],
  },
  {
    name: '64 tags',
    request: requestWithBody('PUT', `/v2/queries/manifests/${manifestDigest}?${tags(64)}`, manifest, indexType),
    answers: ['201'],
  },
  {
    name: 'sha512 may be announced',
    request: requestLine('POST', '/v2/queries/blobs/uploads/?digest-algorithm=sha512'),
    answers: ['202'],
  },
  ...largeNumbers.flatMap((n) =>
    numberSlots.map(({ slot, request }) => ({ name: `${slot}: ${n.slice(0, 30)}`, request: request(n), answers: ['200'] })),
  ),
]
