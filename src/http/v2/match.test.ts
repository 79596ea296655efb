import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseRepositoryName } from '../../oci/index.ts'
import { caught } from '../../oci/caught.testing.ts'
import { matchPath } from './match.ts'
import { paths, type Shape } from './routes.ts'

const digest = `sha256:${'a'.repeat(64)}`
const id = '5a4c9f1e-1111-4111-8111-111111111111'

const table: readonly (readonly [string, Shape, string, string])[] = [
  ['/v2', 'base', '', ''],
  ['/v2/', 'base', '', ''],
  ['/v2/_catalog', 'catalog', '', ''],
  ['/v2/_oci/ext/discover', 'extensions', '', ''],
  ['/v2/a/manifests/latest', 'manifest', 'a', 'latest'],
  [`/v2/a/b/manifests/${digest}`, 'manifest', 'a/b', digest],
  ['/v2/a/manifests/.INVALID', 'manifest', 'a', '.INVALID'],
  [`/v2/a/blobs/${digest}`, 'blob', 'a', digest],
  [`/v2/a/blobs/${digest.replace(':', '%3A')}`, 'blob', 'a', digest],
  [`/v2/a/blobs/${digest.replace(':', '%3a')}`, 'blob', 'a', digest],
  ['/v2/a/blobs/uploads/', 'uploads', 'a', ''],
  ['/v2/a/blobs/uploads', 'uploads', 'a', ''],
  [`/v2/a/blobs/uploads/${id}`, 'upload', 'a', id],
  ['/v2/a/tags/list', 'tags', 'a', ''],
  [`/v2/a/referrers/${digest}`, 'referrers', 'a', digest],
  ['/v2/blobs/uploads/blobs/uploads/', 'uploads', 'blobs/uploads', ''],
  ['/v2/blobs/blobs/uploads/uploads', 'upload', 'blobs', 'uploads'],
  ['/v2/blobs/uploads/uploads/blobs/uploads', 'uploads', 'blobs/uploads/uploads', ''],
  [`/v2/a/blobs/uploads/manifests/${digest}`, 'manifest', 'a/blobs/uploads', digest],
  ['/v2/tags/list/tags/list', 'tags', 'tags/list', ''],
  ['/v2/manifests/manifests/manifests', 'manifest', 'manifests', 'manifests'],
  ['/v2/a/manifests/list', 'manifest', 'a', 'list'],
  ['/v2/a/manifests/uploads', 'manifest', 'a', 'uploads'],
  ['/v2/a/tags/manifests/list', 'manifest', 'a/tags', 'list'],
  ['/v2/A%42/tags/list', 'tags', 'AB', ''],
  ['/v2/a%2Fb/tags/list', 'tags', 'a%2Fb', ''],
  ['/v2/a/m%61nifests/x', 'manifest', 'a', 'x'],
  ['/v2/a/manifests/a%252Fb', 'manifest', 'a', 'a%2Fb'],
  ['/v2/../manifests/x', 'manifest', '..', 'x'],
]

describe('matchPath', () => {
  test.each(table)('%s is %s', (path, shape, name, last) => {
    expect(matchPath(path)).toEqual({ shape, name, last })
  })

  test.each([
    '', '/', '/v1/', '/v20/', '/v2x', '/V2/', 'v2/', '//v2/', '/v2//', '/v2/a', '/v2/a/', '/v2/a/b', '/v2/_catalog/',
    '/v2/_oci/ext/discover/', '/v2/_oci/ext', '/v2/a/_oci/ext/discover',
    '/v2//manifests/x', '/v2/manifests/x', '/v2/blobs/uploads/', '/v2/blobs/uploads', `/v2/blobs/uploads/${id}`, '/v2/tags/list',
    '/v2/a//manifests/x', '/v2/a/manifests//x', '/v2/a/manifests/', '/v2/a/manifests', '/v2/a/tags/list/', '/v2/a/tags/',
    '/v2/a/tags', `/v2/a/blobs/uploads/${id}/`, '/v2/a/blobs/uploads//', '/v2/a/blobs/', '/v2/a/referrers/',
    `/v2/referrers/${digest}`, '/v2/a/tags/lists',
    '/v2/aoblobs/uploads/', '/v2/amanifests/x',
  ])('%j leads nowhere', (path) => {
    expect(matchPath(path)).toBeUndefined()
  })

  const broken = ['/v2/a/manifests/%', '/v2/%zz/tags/list', '/v2/a/blobs/%ff', '/v2/%E4/manifests/x', '/v2/a/manifests/%C3%28']

  test.each(broken)('%s holds a broken escape', (path) => {
    expect(caught(() => matchPath(path)).code).toBe('NAME_INVALID')
  })

  test('finds every endpoint of every repository whose parts are named like the API itself', () => {
    const word = fc.constantFrom('blobs', 'manifests', 'tags', 'uploads', 'list', 'referrers', 'v2', 'b0', 'a.b', 'a__b', 'a--b')
    const part = fc.oneof(word, fc.stringMatching(/^[a-z0-9]+(?:(?:\.|_|__|-{1,3})[a-z0-9]+){0,2}$/))
    const repository = fc.array(part, { minLength: 1, maxLength: 6 }).map((parts) => parts.join('/'))
    const reference = fc.oneof(word, fc.stringMatching(/^[a-zA-Z0-9_][a-zA-Z0-9._-]{0,20}$/))
    fc.assert(
      fc.property(repository, reference, (name, tag) => {
        fc.pre(name.length <= 255)
        expect<string>(parseRepositoryName(name)).toBe(name)
        expect(matchPath(`/v2/${name}/manifests/${tag}`)).toEqual({ shape: 'manifest', name, last: tag })
        expect(matchPath(`/v2/${name}/manifests/${digest}`)).toEqual({ shape: 'manifest', name, last: digest })
        expect(matchPath(`/v2/${name}/blobs/${digest}`)).toEqual({ shape: 'blob', name, last: digest })
        expect(matchPath(`/v2/${name}/blobs/uploads/`)).toEqual({ shape: 'uploads', name, last: '' })
        expect(matchPath(`/v2/${name}/blobs/uploads`)).toEqual({ shape: 'uploads', name, last: '' })
        expect(matchPath(`/v2/${name}/blobs/uploads/${id}`)).toEqual({ shape: 'upload', name, last: id })
        expect(matchPath(`/v2/${name}/tags/list`)).toEqual({ shape: 'tags', name, last: '' })
        expect(matchPath(`/v2/${name}/referrers/${digest}`)).toEqual({ shape: 'referrers', name, last: digest })
      }),
      { numRuns: 500 },
    )
  })

  test('never fails otherwise, and never lets a slash into the last part', () => {
    const pieces = ['/', '/v2/', 'a', '%2f', '%', '..', '%00', 'blobs', 'manifests', 'uploads', 'tags', 'list', '%3A']
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...pieces)), (parts) => {
        const path = `/v2/${parts.join('')}`
        let match: ReturnType<typeof matchPath>
        try {
          match = matchPath(path)
        } catch (error) {
          expect(error).toMatchObject({ code: 'NAME_INVALID' })
          return
        }
        expect(match?.last ?? '').not.toContain('/')
      }),
      { numRuns: 2000 },
    )
  })

  test('every shape is matched by its own path', () => {
    for (const [shape, path] of Object.entries(paths)) {
      const named = path.replace('<name>', 'team/app').replace('<tag or digest>', 'x')
      const example = named.replace('<digest>', digest).replace('<id>', id)
      expect(matchPath(example)?.shape).toBe(shape as Shape)
    }
  })
})
