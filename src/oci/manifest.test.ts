import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { caught } from './caught.testing.ts'
import { digestBytes } from './digest.ts'
import { parseManifest } from './manifest.ts'
import { mediaTypes } from './media-types.ts'

const encode = (document: unknown): Uint8Array =>
  new TextEncoder().encode(typeof document === 'string' ? document : JSON.stringify(document))
const digestOf = (text: string) => digestBytes(encode(text), 'sha256')
const descriptor = (mediaType: string, content: string) => ({ mediaType, digest: digestOf(content), size: content.length })

const config = descriptor(mediaTypes.ociConfig, 'config')
const layer = descriptor(mediaTypes.ociLayerGzip, 'layer one')
const image = { schemaVersion: 2, mediaType: mediaTypes.ociManifest, config, layers: [layer] }
const child = { ...descriptor(mediaTypes.ociManifest, 'child'), platform: { architecture: 'amd64', os: 'linux' } }
const index = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [child] }
const sha512 = `sha512:${'0'.repeat(128)}`

const parse = (document: unknown, contentType: string | null = null) => parseManifest(encode(document), contentType)
const refusal = (document: unknown, contentType: string | null = null) => {
  const error = caught(() => parse(document, contentType))
  expect(error.code).toBe('MANIFEST_INVALID')
  expect(error.message).toMatch(/^[ -~\u00a1-\u1fff]{1,700}$/)
  return error.message
}

describe('an image', () => {
  test('names its config and its layers', () => {
    expect(parse(image, mediaTypes.ociManifest)).toEqual({
      mediaType: mediaTypes.ociManifest,
      form: 'image',
      artifactType: mediaTypes.ociConfig,
      subject: undefined,
      annotations: {},
      children: [
        { ...config, kind: 'config', required: true },
        { ...layer, kind: 'layer', required: true },
      ],
    })
  })

  test('of Docker too', () => {
    const docker = { ...image, mediaType: mediaTypes.dockerManifest }
    expect(parse(docker, mediaTypes.dockerManifest)).toMatchObject({ form: 'image', mediaType: mediaTypes.dockerManifest })
  })

  test('may lack mediaType, schemaVersion and layers, and its layers may be empty or null', () => {
    for (const layers of [undefined, null, []]) {
      const parsed = parse({ config, layers }, mediaTypes.ociManifest)
      expect(parsed.children).toEqual([{ ...config, kind: 'config', required: true }])
    }
  })

  test('has the artifact type it says, else that of its config', () => {
    expect(parse({ ...image, artifactType: 'application/x.sbom' }).artifactType).toBe('application/x.sbom')
    expect(parse({ ...image, artifactType: '' }).artifactType).toBe(mediaTypes.ociConfig)
    expect(parse({ ...image, artifactType: null }).artifactType).toBe(mediaTypes.ociConfig)
    expect(parse({ ...image, config: { ...config, mediaType: '' } }).artifactType).toBeUndefined()
  })

  test('keeps annotations and the digest of its subject', () => {
    const subject = { mediaType: mediaTypes.ociManifest, digest: sha512, size: 7 }
    const parsed = parse({ ...image, subject, annotations: { a: '1', __proto__x: '', 'ü': '\u{1f600}' } })
    expect(String(parsed.subject)).toBe(sha512)
    expect(parsed.annotations).toEqual({ a: '1', __proto__x: '', 'ü': '\u{1f600}' })
    expect(parse({ ...image, subject: null, annotations: null })).toMatchObject({ subject: undefined, annotations: {} })
  })

  test('may be nearly 4 MB large', () => {
    const long = { ...image, annotations: { long: 'x'.repeat(3_900_000) } }
    expect(parse(long).annotations['long']).toHaveLength(3_900_000)
    const many = Object.fromEntries(Array.from({ length: 60_000 }, (_, i) => [`org.example.${i}`, 'x'.repeat(40)]))
    expect(parse({ ...image, annotations: many }).annotations).toEqual(many)
  })

  test('an annotation named __proto__ is only an annotation', () => {
    const text = JSON.stringify(image).replace('{', '{"annotations":{"__proto__":"x"},')
    expect(JSON.stringify(parse(text).annotations)).toBe('{"__proto__":"x"}')
  })

  test('keeps each digest once per kind, in order', () => {
    const empty = descriptor(mediaTypes.ociEmpty, '{}')
    const parsed = parse({ ...image, config: empty, layers: [layer, empty, layer, { ...empty, mediaType: 'text/plain' }] })
    expect(parsed.children.map(({ kind, digest }) => [kind, digest])).toEqual([
      ['config', empty.digest],
      ['layer', layer.digest],
      ['layer', empty.digest],
    ])
  })

  test('a digest cannot have two sizes', () => {
    expect(refusal({ ...image, layers: [layer, { ...layer, size: 1 }] })).toContain(`two sizes for ${layer.digest}`)
  })

  test('does not need its foreign layers, unless the same content is an ordinary layer too', () => {
    const { ociForeignLayer, ociForeignLayerGzip, ociForeignLayerZstd, dockerForeignLayer } = mediaTypes
    const foreign = [ociForeignLayer, ociForeignLayerGzip, ociForeignLayerZstd, dockerForeignLayer].map((mediaType) => ({
      ...descriptor(mediaType, mediaType),
      urls: ['https://example.com/layer'],
    }))
    const again = { ...foreign[0], mediaType: mediaTypes.ociLayer }
    const foreignAgain = { ...layer, mediaType: ociForeignLayer }
    const required = parse({ ...image, layers: [...foreign, layer, again, foreignAgain] }).children.map((entry) => entry.required)
    expect(required).toEqual([true, true, false, false, false, true])
  })

  test.each([
    ['config', { ...image, config: undefined }],
    ['config', { ...image, config: [] }],
    ['config', { ...image, config: 'sha256:1' }],
    ['layers', { ...image, layers: {} }],
    ['layers[1]', { ...image, layers: [layer, null] }],
    ['layers[0].digest', { ...image, layers: [{ ...layer, digest: undefined }] }],
    ['layers[0].digest', { ...image, layers: [{ ...layer, digest: 'sha256:../../etc' }] }],
    ['"blake3" is not supported', { ...image, layers: [{ ...layer, digest: `blake3:${'0'.repeat(64)}` }] }],
    ['layers[0].mediaType', { ...image, layers: [{ ...layer, mediaType: undefined }] }],
    ['layers[0].mediaType', { ...image, layers: [{ ...layer, mediaType: 'x'.repeat(256) }] }],
    ['layers[0].size', { ...image, layers: [{ ...layer, size: undefined }] }],
    ['layers[0].size', { ...image, layers: [{ ...layer, size: -1 }] }],
    ['layers[0].size', { ...image, layers: [{ ...layer, size: 1.5 }] }],
    ['layers[0].size', { ...image, layers: [{ ...layer, size: '9' }] }],
    ['layers[0].size', { ...image, layers: [{ ...layer, size: 2 ** 53 }] }],
    ['layers[0].data', { ...image, layers: [{ ...layer, data: 5 }] }],
    ['layers[0].annotations', { ...image, layers: [{ ...layer, annotations: { a: 1 } }] }],
    ['layers[0] has the member "Digest"', { ...image, layers: [{ ...layer, Digest: sha512 }] }],
    ['subject', { ...image, subject: 'sha256:1' }],
    ['subject.digest', { ...image, subject: { ...layer, digest: 'latest' } }],
    ['annotations', { ...image, annotations: { a: null } }],
    ['annotations', { ...image, annotations: ['a'] }],
    ['artifactType', { ...image, artifactType: 7 }],
    ['artifactType', { ...image, artifactType: 'x'.repeat(256) }],
    ['schemaVersion', { ...image, schemaVersion: 1 }],
    ['schemaVersion', { ...image, schemaVersion: '2' }],
  ])('is refused with a message that names %s', (field, document) => {
    expect(refusal(document)).toContain(field)
  })

  test('a size of -0 is 0', () => {
    const parsed = parse(JSON.stringify({ ...image, layers: [] }).replace(`"size":${config.size}`, '"size":-0'))
    expect(Object.is(parsed.children[0]?.size, 0)).toBe(true)
  })
})

describe('an index', () => {
  test('names its children, whatever they are', () => {
    const cache = descriptor('application/vnd.buildkit.cacheconfig.v0', 'cache')
    expect(parse({ ...index, manifests: [child, cache] }, mediaTypes.ociIndex)).toEqual({
      mediaType: mediaTypes.ociIndex,
      form: 'index',
      artifactType: undefined,
      subject: undefined,
      annotations: {},
      children: [
        { ...descriptor(mediaTypes.ociManifest, 'child'), kind: 'child', required: true },
        { ...cache, kind: 'child', required: true },
      ],
    })
  })

  test('may be empty, may refer to a subject, and has an artifact type only when it says one', () => {
    expect(parse({ ...index, manifests: [] }).children).toEqual([])
    expect(parse({ ...index, manifests: null }).children).toEqual([])
    const parsed = parse({ ...index, mediaType: mediaTypes.dockerList, subject: layer, artifactType: 'a/b' })
    expect(parsed).toMatchObject({ form: 'index', subject: layer.digest, artifactType: 'a/b' })
  })

  test.each([
    ['manifests', { ...index, manifests: undefined }],
    ['manifests', { ...index, manifests: child }],
    ['manifests[1].digest', { ...index, manifests: [child, { ...child, digest: '' }] }],
    ['more than 10000', { ...index, manifests: Array.from({ length: 10_001 }, () => 0) }],
  ])('is refused with a message that names %s', (field, document) => {
    expect(refusal(document)).toContain(field)
  })

  test('of ten thousand children is fine', () => {
    const { platform } = child
    const manifests = Array.from({ length: 10_000 }, (_, i) => ({ ...descriptor(mediaTypes.ociManifest, String(i)), platform }))
    expect(parse({ ...index, manifests }).children).toHaveLength(10_000)
  })
})

describe('any other media type', () => {
  const type = 'application/vnd.example.thing+json'

  test('is kept with whatever it holds, and what is well formed counts', () => {
    const more = { subject: layer, artifactType: 'a/b', annotations: { a: 'b' }, x: [1, {}] }
    const document = { config, layers: [layer], blobs: [child], ...more }
    expect(parse(document, type)).toEqual({
      mediaType: type,
      form: 'other',
      artifactType: 'a/b',
      subject: layer.digest,
      annotations: { a: 'b' },
      children: [
        { ...config, kind: 'config', required: false },
        { ...layer, kind: 'layer', required: false },
        { ...descriptor(mediaTypes.ociManifest, 'child'), kind: 'layer', required: false },
      ],
    })
    expect(parse({ manifests: [child] }, type).children).toMatchObject([{ kind: 'child', required: false }])
  })

  test('is not asked to be well formed', () => {
    const more = { annotations: { a: 1 }, artifactType: 5, schemaVersion: 1, data: 0 }
    const document = { config: 1, layers: [layer, 1], subject: 'x', ...more }
    expect(parse(document, type)).toEqual({
      mediaType: type,
      form: 'other',
      artifactType: undefined,
      subject: undefined,
      annotations: {},
      children: [],
    })
  })

  test('names a bounded number of children', () => {
    const half = (name: string) => Array.from({ length: 6000 }, (_, i) => descriptor('a/b', `${name}${i}`))
    expect(refusal({ a: half('a'), b: half('b') }, type)).toContain('more than 10000')
  })
})

describe('the media type', () => {
  test('is the Content-Type without parameters, else its own, else guessed from the shape', () => {
    expect(parse(image, `${mediaTypes.ociManifest}; charset=utf-8`).mediaType).toBe(mediaTypes.ociManifest)
    expect(parse(image, null).mediaType).toBe(mediaTypes.ociManifest)
    expect(parseManifest(encode(index), undefined).mediaType).toBe(mediaTypes.ociIndex)
    expect(parse({ manifests: [] }).mediaType).toBe(mediaTypes.ociIndex)
    expect(parse({ config, layers: [] }).mediaType).toBe(mediaTypes.ociManifest)
    expect(parse({ ...image, mediaType: '' }, mediaTypes.dockerManifest).mediaType).toBe(mediaTypes.dockerManifest)
  })

  test('must be the same in body and header', () => {
    expect(refusal(image, mediaTypes.ociIndex)).toContain('Content-Type')
    expect(refusal(image, 'application/json')).toContain('Content-Type')
  })

  test.each(['x', 'a/b, c/d', 'a/b\r\nset-cookie: x', 'a /b', '/', `a/${'b'.repeat(200)}`])('%p is none', (mediaType) => {
    expect(refusal({ ...image, mediaType })).toContain('media type')
    expect(refusal({}, mediaType)).toContain('media type')
  })

  test.each(['text/html', 'Text/HTML', 'application/xhtml+xml'])('%p is none that may be stored', (mediaType) => {
    expect(refusal({ a: '<script>alert(1)</script>' }, mediaType)).toContain('browsers')
    expect(refusal({ mediaType })).toContain('browsers')
  })

  test('cannot be guessed from nothing, nor be another kind of value', () => {
    expect(refusal({})).toContain('send one')
    expect(refusal({ mediaType: 5 })).toContain('not a string')
  })

  test('schema 1 is refused by name and by shape', () => {
    for (const type of [mediaTypes.dockerSchema1, mediaTypes.dockerSchema1Signed]) expect(refusal({}, type)).toContain('schema 1')
    expect(refusal({ schemaVersion: 1, fsLayers: [], history: [] })).toContain('schema 1')
  })
})

describe('no document is two things at once', () => {
  const both = { ...image, mediaType: undefined, manifests: [] }

  test.each([
    ['both', both, mediaTypes.ociManifest],
    ['both', both, mediaTypes.ociIndex],
    ['both', both, 'application/vnd.example'],
    ['both', both, null],
    ['both', { config: null, manifests: null }, mediaTypes.ociIndex],
    ['member manifests of an index', { manifests: [] }, mediaTypes.ociManifest],
    ['member layers or config of an image', { layers: [] }, mediaTypes.ociIndex],
    ['member layers or config of an image', { config }, mediaTypes.dockerList],
    ['"Layers"', { ...index, Layers: [] }, null],
    ['"MEDIATYPE"', { ...image, MEDIATYPE: '' }, null],
    ['"layer\u017f"', { ...index, 'layer\u017f': [] }, null],
    ['"Manifests"', { Manifests: [] }, 'application/vnd.example'],
    ['twice', JSON.stringify(index).replace('{', '{"manifests":[],'), null],
    ['twice', JSON.stringify(index).replace('{', '{"\\u006danifests":[],'), null],
    ['twice', JSON.stringify(image).replace('"size"', '"size":5,"size"'), null],
    ['byte order mark', `\ufeff${JSON.stringify(image)}`, null],
    ['cannot be read', `${JSON.stringify(image)}{}`, null],
    ['cannot be read', `${JSON.stringify(image)}\0`, null],
    ['cannot be read', 'not JSON', mediaTypes.ociManifest],
    ["Unrecognized token '?'", '\u001b[2J', null],
    ['empty', '', mediaTypes.ociManifest],
    ['not a JSON object', '[]', mediaTypes.ociManifest],
    ['deeper than 32', `{"x":${'['.repeat(32)}${']'.repeat(32)}}`, 'a/b'],
  ])('%s', (message, document, contentType) => {
    expect(refusal(document, contentType)).toContain(message)
  })

  test('any JSON gives a manifest or MANIFEST_INVALID', () => {
    const value = fc.oneof(fc.jsonValue(), fc.constantFrom<unknown>(config, [layer], [child], [], null, ''))
    const names = 'schemaVersion mediaType artifactType config layers manifests subject annotations x Layers'.split(' ')
    const document = fc.dictionary(fc.constantFrom(...names), value, { maxKeys: 6 })
    const type = fc.option(fc.constantFrom(mediaTypes.ociIndex, mediaTypes.ociManifest, mediaTypes.dockerList, 'a/b', '', '\0'))
    fc.assert(
      fc.property(document, type, (members, contentType) => {
        let parsed
        try {
          parsed = parse(members, contentType)
        } catch (error) {
          expect(error).toMatchObject({ name: 'RegistryError', code: 'MANIFEST_INVALID' })
          return
        }
        expect('manifests' in members && ('layers' in members || 'config' in members)).toBe(false)
        expect('Layers' in members).toBe(false)
        if (contentType) expect(parsed.mediaType).toBe(contentType)
      }),
      { numRuns: 3000 },
    )
  })
})
