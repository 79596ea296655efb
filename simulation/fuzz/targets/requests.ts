import {
  matchPath,
  nextLink,
  parseLast,
  parsePageSize,
  parseTarget,
  queryValue,
  queryValues,
} from '../../../src/http/parsers.testing.ts'
import { createUploadNames } from '../../../src/registry/parsers.testing.ts'
import { createManualClock, createSeededIds } from '../../../src/lib/index.ts'
import { parseRepositoryName } from '../../../src/oci/index.ts'
import type { Target } from '../target.ts'
import { headAndRest, must, text, unless } from './must.ts'

const digest = `sha256:${'a'.repeat(64)}`
const repository = parseRepositoryName('team/app')
const uploadNames = createUploadNames('5'.repeat(64), { clock: createManualClock(1_700_000_000_000), ids: createSeededIds(1) })
const issued = uploadNames.issue(repository, 'alice')
const longAgo = createUploadNames('5'.repeat(64), { clock: createManualClock(0), ids: createSeededIds(2) }).issue(
  repository,
  'alice',
)

/** What of a path stands for what: put together again it must be the path, decoded once. */
const endings: Readonly<Record<string, string | undefined>> = {
  manifest: 'manifests/',
  blob: 'blobs/',
  upload: 'blobs/uploads/',
  uploads: 'blobs/uploads',
  tags: 'tags/list',
  referrers: 'referrers/',
}

function checkPath(path: string): void {
  const match = unless(() => matchPath(path), 'NAME_INVALID')
  if (match === undefined) return
  const ending = endings[match.shape]
  if (ending === undefined) {
    must(match.name === '' && match.last === '', 'a path without a repository has one', path, match)
    return
  }
  must(match.name !== '' && !match.name.startsWith('/') && !match.name.endsWith('/'), 'a repository has no name', path, match)
  must(!match.last.includes('/'), 'a reference holds a slash', path, match)
  const decoded = path.split('/').map(decodeOnce).join('/')
  const rebuilt = `/v2/${match.name}/${ending}${match.last}`
  must(decoded === rebuilt || decoded === `${rebuilt}/`, 'a path is read as another one', path, match)
}

function decodeOnce(part: string): string {
  const decoded = decodeURIComponent(part)
  return decoded.includes('/') ? part : decoded
}

/** Another way to read a query: URLSearchParams, which takes `+` for a space and leaves out a first `?`. */
function checkQuery(query: string): void {
  const plain = !/[+%;]/.test(query) && query === query.toWellFormed()
  for (const name of ['n', 'last', 'digest', 'mount']) {
    const values = queryValues(query, name)
    must(queryValue(query, name) === (query === '' ? undefined : values[0]), 'the first value is not the first', query, name)
    if (plain)
      must(
        JSON.stringify(values) === JSON.stringify(new URLSearchParams(`&${query}`).getAll(name)),
        'a query is read otherwise',
        query,
        name,
        values,
      )
  }
}

export const requests: readonly Target[] = [
  {
    name: 'target',
    seeds: [
      'http://h:5000/v2/',
      '/v2/a/b/manifests/latest',
      `/v2/a/blobs/${digest}`,
      `/v2/a/blobs/${digest.replace(':', '%3A')}`,
      '/v2/a/blobs/uploads/',
      '/v2/a/blobs/uploads/x.y.z',
      '/v2/a/tags/list?n=1&last=b',
      `/v2/a/referrers/${digest}?artifactType=a/b`,
      '/v2/_catalog',
      '/v2/a%2Fb/tags/list',
      '/v2/../../etc/passwd',
      '/v2/a/manifests/%00',
      '/v2/%c0%ae/tags/list',
      '/v2//a/tags/list',
      '/v2/a/manifests/%252e',
      'host:443',
      '*',
      '/v2/a?b#c',
    ],
    words: ['%2f', '%2e', '%00', '%25', '/../', 'blobs/uploads/', 'manifests/', 'tags/list', 'referrers/', '?', '#', '&', '='],
    run(input) {
      const url = text(input)
      const { path, query } = parseTarget(url)
      must(url.includes(path) && url.includes(query), 'a target has what the request has not', url, path, query)
      must(!path.includes('?') && !path.includes('#') && !query.includes('#'), 'a path holds a query', url, path, query)
      must(path === '' || path.startsWith('/'), 'a path begins elsewhere', url, path)
      checkPath(path)
      checkQuery(query)
    },
  },
  {
    name: 'paging',
    seeds: [
      'n=10&last=a',
      'n=0',
      'n=-1',
      'n=1e9',
      'n=18446744073709551616',
      'last=%00',
      'last=a%20b&n=5',
      'last=%zz',
      'n=%31',
      'n',
      'last=é',
      'n=1&n=2',
      'last=%ff',
    ],
    run(input) {
      const query = text(input)
      const size = unless(() => parsePageSize(query, 1000), 'PAGINATION_NUMBER_INVALID')
      must(
        size === undefined || (Number.isSafeInteger(size) && size >= 0 && size <= 1000),
        'a page has no bounded size',
        query,
        size,
      )
      const last = parseLast(query)
      must(last === undefined || !last.includes('\0'), 'a NUL goes to the database', query)
      const link = nextLink('/v2/a/tags/list', { n: size, last })
      must(/^<\/v2\/a\/tags\/list\?[!-;=?-~]*>; rel="next"$/.test(link), 'a Link is not safe in a header', link)
      const again = parseTarget(link.slice(1, link.indexOf('>'))).query
      must(parseLast(again) === last && parsePageSize(again, 1000) === size, 'a Link leads elsewhere', query, link)
    },
  },
  {
    name: 'upload-name',
    seeds: [
      `team/app\n${issued.text}`,
      `team/other\n${issued.text}`,
      `team/app\n${longAgo.text}`,
      `team/app\n${issued.id}`,
      'team/app\n',
      'team/app\n..',
    ],
    run(input) {
      const [where, name] = headAndRest(text(input))
      const asked = unless(() => parseRepositoryName(where), 'NAME_INVALID')
      if (asked === undefined) return
      const known = [issued, longAgo].find((one) => one.text === name)
      const own = uploadNames.read(name, asked, 'alice')
      must(
        JSON.stringify(own) === JSON.stringify(asked === repository ? known : undefined),
        'a session is known that nobody began',
        where,
        name,
        own,
      )
      must(uploadNames.read(name, asked, 'bob') === undefined, 'a session is known to a stranger', where, name)
    },
  },
]
