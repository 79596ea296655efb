import { parseContentRange, parseRange, readsNoLists } from '../../../src/oci/index.ts'
import { isNotModified, parsePrecondition, rangeStillApplies } from '../../../src/http/parsers.testing.ts'
import type { Target } from '../target.ts'
import { headAndRest, latin, must, unless } from './must.ts'

const docker = 'application/vnd.docker.distribution.manifest.v2+json'
const list = 'application/vnd.docker.distribution.manifest.list.v2+json'
const tag = `"sha256:${'a'.repeat(64)}"`

/** The size stands on the first line, at most what a blob can have. */
function sizeAndHeader(input: Uint8Array): [bigint, string] {
  const [size, header] = headAndRest(latin(input))
  const digits = size.replaceAll(/\D/g, '').slice(0, 15)
  return [BigInt(digits === '' ? 1000 : digits), header.replaceAll(/[\0\r\n]/g, ' ')]
}

/** RFC 9110, section 14.1.2, in whole numbers without a limit: `whole`, `unsatisfiable`, or the ranges in their order. */
function expectedRange(header: string, size: bigint): string {
  const equals = header.indexOf('=')
  if (equals === -1 || header.slice(0, equals).trim().toLowerCase() !== 'bytes' || size === 0n) return 'whole'
  const items = header
    .slice(equals + 1)
    .split(',')
    .map((item) => item.trim())
  if (items.length > 1024 || !items.every(isRange)) return 'whole'
  const ranges = items.flatMap((item): [bigint, bigint][] => {
    const [first = '', last = ''] = item.split('-')
    const start = first === '' ? max(size - BigInt(last), 0n) : BigInt(first)
    const end = first === '' || last === '' || BigInt(last) >= size ? size - 1n : BigInt(last)
    return start > end ? [] : [[start, end]]
  })
  const apart = ranges.every(([start, end], at) => !ranges.some(([a, b], other) => other !== at && start <= b && a <= end))
  if (ranges.length === 0) return 'unsatisfiable'
  return apart ? ranges.map(([start, end]) => `${start}-${end}`).join() : 'whole'
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)

function isRange(item: string): boolean {
  const parts = item.split('-')
  const digits = (part: string) => part.split('').every((character) => character >= '0' && character <= '9')
  return parts.length === 2 && parts.every(digits) && item !== '-'
}

export const headers: readonly Target[] = [
  {
    name: 'range',
    seeds: [
      '1000\nbytes=0-499',
      '1000\nbytes=-500',
      '1000\nbytes=500-',
      '1000\nBYTES = 0-0 ',
      '0\nbytes=0-0',
      '10\nbytes=500-0',
      '10\nbytes=0-1,2-3',
      '10\nbytes=0-1, 4-5,-1',
      '10\nbytes=0-5,5-9',
      '10\nbytes=20-30,1-2',
      '10\nbytes=-0',
      '10\nlines=1-2',
      '10\nbytes=-',
      '999999999999999\nbytes=18446744073709551616-',
      '10\nbytes=--1',
      '10\nbytes=9-9',
    ],
    run(input) {
      const [size, header] = sizeAndHeader(input)
      const request = parseRange(header, Number(size))
      const ranges = request.kind === 'range' ? [request.range] : request.kind === 'ranges' ? request.ranges : undefined
      const read = ranges?.map(({ start, end }) => `${BigInt(start)}-${BigInt(end)}`).join() ?? request.kind
      must(read === expectedRange(header, size), 'a Range is read otherwise than by its grammar', String(size), header, read)
      let sum = 0
      for (const { start, end } of ranges ?? []) {
        must(start >= 0 && start <= end && end < Number(size), 'a range is not within its object', start, end, String(size))
        sum += end - start + 1
      }
      must(sum <= Number(size), 'ranges ask for more than there is', header, sum)
    },
  },
  {
    name: 'accept',
    seeds: [
      docker,
      `${docker}, ${list}`,
      `${docker};q=0.5 , */*`,
      '*/*',
      '',
      `${docker},`,
      `application/vnd.oci.image.index.v1+json,${docker}`,
      `x${docker}`,
      'application/*',
    ],
    words: [docker, list, ';q=0', ', '],
    run(input) {
      const header = latin(input)
      const types = header.split(',').map((item) => item.replace(/;.*/s, '').trim())
      const many = [list, 'application/vnd.oci.image.index.v1+json', '*/*', 'application/*']
      const expected = types.includes(docker) && types.every((type) => !many.includes(type))
      must(readsNoLists(header) === expected, 'an Accept is read otherwise', header, expected)
    },
  },
  {
    name: 'content-range',
    seeds: [
      '0-1023',
      'bytes 0-1023',
      '0-1023/2048',
      'bytes 5-9/*',
      '9-5',
      '0-9007199254740992',
      '-1-5',
      '0-',
      ' 0-1',
      '00-01',
      'bytes  0-1',
    ],
    run(input) {
      const header = latin(input)
      const range = unless(() => parseContentRange(header), 'BLOB_UPLOAD_INVALID')
      const [span = '', total, ...rest] = header.replace(/^bytes /, '').split('/')
      const [first, last] = span.split('-')
      const digits = (part: string | undefined) => part !== undefined && part !== '' && part.length <= 16 && !/[^0-9]/.test(part)
      const whole = span.split('-').length === 2 && rest.length === 0 && (total === undefined || total === '*' || digits(total))
      const [a, b] = [digits(first) ? BigInt(first ?? 0) : -1n, digits(last) ? BigInt(last ?? 0) : -1n]
      const expected = whole && a >= 0n && a <= b && b <= BigInt(Number.MAX_SAFE_INTEGER)
      must((range !== undefined) === expected, 'a Content-Range is read otherwise than by its grammar', header, range)
      if (range === undefined) return
      must(BigInt(range.first) === a && BigInt(range.last) === b, 'a Content-Range has other numbers', header, range)
      must(
        JSON.stringify(parseContentRange(`${range.first}-${range.last}`)) === JSON.stringify(range),
        'a Content-Range does not come back',
        range,
      )
    },
  },
  {
    name: 'precondition',
    seeds: [
      '*',
      tag,
      `W/${tag}`,
      `${tag}, ${tag}`,
      `${tag},W/"x"`,
      '"',
      '"a',
      '*, *',
      `${tag},`,
      '',
      ' * ',
      '""',
      `${'"a",'.repeat(64)}"b"`,
      tag.slice(1, -1),
    ],
    run(input) {
      const header = latin(input).replaceAll(/[\0\r\n]/g, ' ')
      const given = new Headers({ 'if-match': header, 'if-none-match': header })
      const precondition = unless(() => parsePrecondition(given), 'PRECONDITION_INVALID')
      const tags = entityTags(given.get('if-match') ?? '')
      must(
        (precondition !== undefined) === (tags !== undefined),
        'a condition is read otherwise than by its grammar',
        header,
        precondition,
      )
      const strong = tags === 'any' ? 'any' : tags?.filter(({ weak }) => !weak).map(({ opaque }) => opaque)
      const all = tags === 'any' ? 'any' : tags?.map(({ opaque }) => opaque)
      must(
        JSON.stringify([precondition?.match, precondition?.noneMatch]) === JSON.stringify([strong, all]),
        'a condition names other tags',
        header,
        precondition,
      )
      // A match that is not there would let a client keep what has changed.
      if (isNotModified(header, tag))
        must(header.includes('*') || header.includes(tag), 'a tag matches that is not named', header)
      if (rangeStillApplies(header, tag)) must(header.trim() === tag, 'a range applies to another content', header)
    },
  },
]

type EntityTags = 'any' | readonly { readonly weak: boolean; readonly opaque: string }[]

/** RFC 9110, section 8.8.3, character by character; undefined for what is no `*` and no list of at most 64. */
function entityTags(header: string): EntityTags | undefined {
  const blank = (character: string | undefined) => character === ' ' || character === '\t'
  const tags: { weak: boolean; opaque: string }[] = []
  let at = 0
  for (;;) {
    while (blank(header[at])) at++
    if (header[at] === '*' && tags.length === 0)
      return header
        .split('')
        .slice(at + 1)
        .every(blank)
        ? 'any'
        : undefined
    const weak = header.startsWith('W/', at)
    if (weak) at += 2
    const close = header.indexOf('"', at + 1)
    if (header[at] !== '"' || close === -1 || tags.length === 64) return undefined
    const opaque = header.slice(at + 1, close)
    if (opaque.split('').some((character) => character <= ' ' || character === '\x7f')) return undefined
    tags.push({ weak, opaque })
    at = close + 1
    while (blank(header[at])) at++
    if (at === header.length) return tags
    if (header[at++] !== ',') return undefined
  }
}
