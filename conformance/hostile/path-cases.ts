import { digestOf } from '../digest.ts'
import { type Control, host, type HostileCase, requestLine, requestWithBody } from './hostile-case.ts'
import { digestTricks, mayLeadElsewhere, pathTricks, textTricks, type Trick } from './tricks.ts'

const digest = digestOf('')
const lost = ['404 UNSUPPORTED', '405 UNSUPPORTED', '404 NAME_UNKNOWN', '400 NAME_INVALID']

/** A place in the path that takes text from outside, and what comes of a text that cannot stand there. */
interface Slot {
  readonly slot: string
  readonly request: (text: string) => string
  readonly answers: readonly string[]
  /** What else may come where the text leads to another address. */
  readonly elsewhere?: readonly string[]
}

/** A broken escape makes a path unreadable, wherever it stands. */
const slots: readonly Slot[] = [
  { slot: 'a name, listed', request: (text) => requestLine('GET', `/v2/${text}/tags/list`), answers: ['400 NAME_INVALID'] },
  { slot: 'a part of a name', request: (text) => requestLine('GET', `/v2/a/${text}/b/tags/list`), answers: ['400 NAME_INVALID'] },
  {
    slot: 'a name, pushed to',
    request: (text) => requestLine('POST', `/v2/${text}/blobs/uploads/`),
    answers: ['400 NAME_INVALID'],
  },
  {
    slot: 'a tag, pulled',
    request: (text) => requestLine('GET', `/v2/paths/manifests/${text}`),
    answers: ['404 MANIFEST_UNKNOWN', '400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  {
    slot: 'a tag, pushed',
    request: (text) => requestWithBody('PUT', `/v2/paths/manifests/${text}`, '{}'),
    answers: ['400 TAG_INVALID', '400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  {
    slot: 'a tag, deleted',
    request: (text) => requestLine('DELETE', `/v2/paths/manifests/${text}`),
    answers: ['404 MANIFEST_UNKNOWN', '400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  {
    slot: 'an upload',
    request: (text) => requestLine('PATCH', `/v2/paths/blobs/uploads/${text}`),
    answers: ['404 BLOB_UPLOAD_UNKNOWN', '400 NAME_INVALID'],
  },
  {
    slot: 'all of the path',
    request: (text) => requestLine('GET', `/${text}`),
    answers: ['404 UNSUPPORTED'],
    elsewhere: ['200'],
  },
]

const digestSlots: readonly Slot[] = [
  {
    slot: 'a blob',
    request: (text) => requestLine('GET', `/v2/paths/blobs/${text}`),
    answers: ['400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  { slot: 'a blob, asked for', request: (text) => requestLine('HEAD', `/v2/paths/blobs/${text}`), answers: ['400'] },
  {
    slot: 'a blob, deleted',
    request: (text) => requestLine('DELETE', `/v2/paths/blobs/${text}`),
    answers: ['400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  {
    slot: 'a subject',
    request: (text) => requestLine('GET', `/v2/paths/referrers/${text}`),
    answers: ['400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
  {
    slot: 'a manifest',
    request: (text) => requestWithBody('PUT', `/v2/paths/manifests/${text}`, '{}'),
    answers: ['400 DIGEST_INVALID', '400 NAME_INVALID'],
  },
]

/** What is legal in one place although no name may be called so. */
const legal: readonly string[] = ['a tag, pulled: __proto__', 'a tag, pushed: __proto__', 'a tag, deleted: __proto__']

function casesOf({ slot, request, answers, elsewhere = [] }: Slot, tricks: readonly Trick[]): HostileCase[] {
  return tricks
    .map(([kind, text]) => ({
      name: `${slot}: ${kind}`,
      request: request(text),
      answers: mayLeadElsewhere(text) ? [...answers, ...lost, ...elsewhere, '404', '405'] : answers,
    }))
    .filter(({ name }) => !legal.includes(name))
}

/** Names longer than any may be, which are of the right letters. */
const longCases: HostileCase[] = [
  {
    name: 'a name of 256 characters',
    request: requestLine('GET', `/v2/${'a'.repeat(256)}/tags/list`),
    answers: ['400 NAME_INVALID'],
  },
  {
    name: 'a name of 8,000 parts',
    request: requestLine('GET', `/v2/${'a/'.repeat(7000)}tags/list`),
    answers: ['400 NAME_INVALID'],
  },
  {
    name: 'a tag of 129 characters',
    request: requestWithBody('PUT', `/v2/paths/manifests/${'a'.repeat(129)}`, '{}'),
    answers: ['400 TAG_INVALID'],
  },
  { name: 'a path of 60 KB', request: requestLine('GET', `/v2/${'a'.repeat(60_000)}`), answers: ['431 bare'] },
  { name: 'bytes above 127', request: requestLine('GET', '/v2/\xff\xc3\xa4/tags/list'), answers: ['400 NAME_INVALID'] },
  { name: 'a NUL as it is', request: requestLine('GET', '/v2/a\0b/tags/list'), answers: ['400 bare', '505 bare'] },
  { name: 'a space as it is', request: requestLine('GET', '/v2/a b/tags/list'), answers: ['400 bare', '505 bare'] },
  { name: 'no slash at its beginning', request: requestLine('GET', 'v2/'), answers: ['400 bare'] },
  { name: 'a star', request: requestLine('OPTIONS', '*'), answers: ['400 bare'] },
  { name: 'two slashes', request: requestLine('GET', '//v2//a//tags//list'), answers: ['404 UNSUPPORTED'] },
  { name: 'another scheme', request: requestLine('GET', 'ftp://a/v2/'), answers: ['400 bare'] },
]

const tricks = [...pathTricks, ...textTricks]

/** Every place in a path with every trick. */
export const pathCases: readonly HostileCase[] = [
  ...slots.flatMap((slot) => casesOf(slot, tricks)),
  ...digestSlots.flatMap((slot) => casesOf(slot, digestTricks)),
  ...longCases,
]

export const pathControls: readonly Control[] = [
  { name: 'a name is pushed to', request: requestLine('POST', '/v2/paths/blobs/uploads/'), answers: ['202'] },
  {
    name: 'a blob is pushed',
    request: requestLine('POST', `/v2/paths/blobs/uploads/?digest=${digest}`, 'Content-Length: 0\r\n'),
    answers: ['201'],
  },
  { name: 'its name is listed', request: requestLine('GET', '/v2/paths/tags/list'), answers: ['200'] },
  { name: 'it is pulled', request: requestLine('GET', `/v2/paths/blobs/${digest}`), answers: ['200'] },
  {
    name: 'an escaped letter is a letter',
    request: requestLine('GET', `/v2/p%61ths/blobs/sha256%3a${digest.slice(7)}`),
    answers: ['200'],
  },
  {
    name: 'a tag of 128 characters is looked up',
    request: requestLine('GET', `/v2/paths/manifests/${'a'.repeat(128)}`),
    answers: ['404 MANIFEST_UNKNOWN'],
  },
  {
    name: 'a name of 255 characters is pushed to',
    request: requestLine('POST', `/v2/${'a'.repeat(255)}/blobs/uploads/`),
    answers: ['202'],
  },
  { name: '__proto__ is a tag', request: requestLine('GET', '/v2/paths/manifests/__proto__'), answers: ['404 MANIFEST_UNKNOWN'] },
  { name: 'the whole URL is a target', request: `GET http://elsewhere.test/v2/ HTTP/1.1\r\n${host}\r\n`, answers: ['200'] },
]
