import { beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { digestOf } from '../digest.ts'
import { forEachServer } from '../for-each-server.ts'
import { createClient, jsonOf } from '../oci/client.ts'
import { types } from '../oci/content.ts'
import { type HostileCase, requestLine, requestWithBody, testCases } from './hostile-case.ts'

setDefaultTimeout(180_000)

const config = { mediaType: types.config, digest: digestOf('{}'), size: 2 }
const layer = { mediaType: types.layer, digest: digestOf('layer'), size: 5 }
const image = { schemaVersion: 2, mediaType: types.manifest, config, layers: [layer] }
const child = { mediaType: types.manifest, digest: digestOf('a manifest that is not here'), size: 7 }
const index = { schemaVersion: 2, mediaType: types.index, manifests: [] }
const imageText = JSON.stringify(image)

type Body = string | object
type Row = readonly [what: string, body: Body, type?: string | null, ...answers: string[]]

/** In UTF-8, a character a byte, as it goes over the wire. */
const onWire = (body: Body): string => Buffer.from(typeof body === 'string' ? body : JSON.stringify(body)).toString('latin1')

/** What no two programs read alike, or that is no manifest at all. */
const documents: Row[] = [
  ['nothing', ''],
  ['no JSON', 'manifest'],
  ['an array', '[]'],
  ['a string', '"{}"'],
  ['null', 'null'],
  ['a comment', `/**/${imageText}`],
  ['a comma at the end', `${imageText.slice(0, -1)},}`],
  ['single quotes', imageText.replaceAll('"', "'")],
  ['a byte order mark', `\ufeff${imageText}`],
  ['another document behind it', `${imageText}${imageText}`],
  ['a letter behind it', `${imageText}x`],
  ['a NUL behind it', `${imageText}\0`],
  ['a vertical tab behind it', `${imageText}\v`],
  ['half a document', imageText.slice(0, -10)],
  ['a member twice', imageText.replace('{', '{"schemaVersion":2,')],
  ['layers twice', imageText.replace('"layers"', '"layers":[],"layers"')],
  ['a member twice, once escaped', imageText.replace('{', '{"\\u0063onfig":{},')],
  ['a digest twice', imageText.replace('"digest"', `"digest":"${child.digest}","digest"`)],
  ['an annotation twice', imageText.replace('{', '{"annotations":{"a":"1","a":"2"},')],
  ['a member in capitals', { ...image, LAYERS: [] }],
  ['a member with a capital', { ...image, Manifests: [] }],
  ['a member with a long s', { ...image, 'layer\u017f': [] }],
  ['a digest with a capital', { ...image, config: { ...config, Digest: child.digest } }],
  ['half a surrogate pair', imageText.replace('{', '{"annotations":{"a":"\\ud800"},')],
  ['an escaped NUL', imageText.replace('{', '{"annotations":{"a":"\\u0000"},')],
  ['a NUL in a string', imageText.replace('{', '{"annotations":{"a":"\0"},')],
  ['a line feed in a string', imageText.replace('{', '{"annotations":{"a":"\n"},')],
  ['100,000 arrays in each other', `{"a":${'['.repeat(100_000)}${']'.repeat(100_000)}}`],
  ['100,000 arrays that do not end', `{"a":${'['.repeat(100_000)}`],
  ['100,000 objects in each other', `${'{"a":'.repeat(100_000)}1${'}'.repeat(100_000)}`],
  ['a million values', `{"a":[${'1,'.repeat(1_000_000)}1]}`],
  ['10,001 layers', { ...image, layers: Array.from({ length: 10_001 }, (_, i) => ({ ...layer, digest: digestOf(`${i}`) })) }],
  ['one layer in two sizes', { ...image, layers: [layer, { ...layer, size: 6 }] }],
]

/** One document that is two things (CVE-2021-41190). */
const confusions: Row[] = [
  ['manifests and layers', { ...image, mediaType: undefined, manifests: [] }, types.manifest],
  ['manifests and layers, as an index', { ...image, mediaType: undefined, manifests: [] }, types.index],
  ['manifests and layers, of no type', { ...image, mediaType: undefined, manifests: [] }, null],
  ['manifests and a config, of a type nobody knows', { config, manifests: [] }, 'application/vnd.example+json'],
  ['an index that says it is an image', index, types.manifest],
  ['an image that says it is an index', image, types.index],
  ['an image that says it is something else', image, 'application/json'],
  ['an image with the header of Docker', image, types.dockerManifest],
  ['layers in an index', { schemaVersion: 2, layers: [] }, types.index],
  ['manifests in an image', { schemaVersion: 2, manifests: [] }, types.manifest],
  ['the first schema', { schemaVersion: 1, fsLayers: [], history: [] }, types.schema1],
  ['the first schema without a type', { schemaVersion: 1, fsLayers: [], history: [] }, null],
  ['another version of the schema', { ...image, schemaVersion: 3 }],
  ['a version in quotes', { ...image, schemaVersion: '2' }],
]

const sizes = [-1, 1.5, -0.5, 2 ** 53, 1e300, '5', null, true, [], {}]
const badHashes = ['A'.repeat(64), 'a'.repeat(4096), '../../etc/passwd', '']
const digests = [...badHashes.map((hash) => `sha256:${hash}`), `md5:${'a'.repeat(32)}`, '', 5, null, {}]
const shown = (value: unknown): string => JSON.stringify(value).slice(0, 30)

const descriptors: Row[] = [
  ...sizes.map((size): Row => [`a layer of size ${JSON.stringify(size)}`, { ...image, layers: [{ ...layer, size }] }]),
  ...['1e999', '-0.0001', '9'.repeat(1000), '0x5', '05', 'NaN'].map((size): Row => [
    `a layer of size ${size.slice(0, 20)} as it is`, imageText.replace('"size":5', `"size":${size}`),
  ]),
  ...digests.map((digest): Row => [`a config of digest ${shown(digest)}`, { ...image, config: { ...config, digest } }]),
  ...digests.map((digest): Row => [`a subject of digest ${shown(digest)}`, { ...image, subject: { ...child, digest } }]),
  ['a subject of size -1', { ...image, subject: { ...child, size: -1 } }],
  ['a subject that is a string', { ...image, subject: child.digest }],
  ['a subject that is an array', { ...image, subject: [child] }],
  ['no config', { ...image, config: undefined }],
  ['a config that is null', { ...image, config: null }],
  ['layers that are an object', { ...image, layers: { 0: layer } }],
  ['a layer that is null', { ...image, layers: [null] }],
  ['a layer that is a number', { ...image, layers: [5] }],
  ['manifests that are a string', { ...index, manifests: 'x' }, types.index],
  ['no manifests', { ...index, manifests: undefined }, types.index],
  ['annotations that are an array', { ...image, annotations: [] }, types.manifest, '400 MANIFEST_INVALID'],
  ['an annotation that is a number', { ...image, annotations: { a: 1 } }],
  ['an artifact type that is a number', { ...image, artifactType: 5 }],
  ['an artifact type of 300 characters', { ...image, artifactType: 'a'.repeat(300) }],
  ['data that is a number', { ...image, layers: [{ ...layer, data: 5 }] }],
  ['a media type that is a number', { ...image, mediaType: 5 }],
  ['a media type with a line feed', { ...image, mediaType: 'a/b\r\nX-Evil: 1' }, null],
  ['the media type of a page', { mediaType: 'text/html', a: '<script>alert(1)</script>' }, null],
  [
    'a layer that is not here',
    { ...image, layers: [{ ...layer, digest: child.digest }] }, types.manifest, '400 MANIFEST_BLOB_UNKNOWN',
  ],
  ['a child that is not here', { ...index, manifests: [child] }, types.index, '400 MANIFEST_BLOB_UNKNOWN'],
  [
    '10,000 children that are not here',
    { ...index, manifests: Array.from({ length: 10_000 }, (_, i) => ({ ...child, digest: digestOf(`${i}`) })) },
    types.index,
    '400 MANIFEST_BLOB_UNKNOWN',
  ],
  ['more than 4 MiB', { ...index, a: 'x'.repeat(5 * 1024 ** 2) }, types.index, '413 MANIFEST_INVALID'],
]

function put(body: Body, type: string | null = types.manifest, reference = 'tag'): string {
  const header = type === null ? '' : `Content-Type: ${type}\r\n`
  return requestWithBody('PUT', `/v2/bodies/manifests/${reference}`, onWire(body), header)
}

forEachServer('hostile bodies', (server) => {
  const client = () => createClient(server().url)
  beforeAll(async () => {
    await client().pushBlob('bodies', '{}')
    await client().pushBlob('bodies', 'layer')
  })

  const cases: HostileCase[] = [...documents, ...confusions, ...descriptors].map(([name, body, type, ...answers]) => ({
    name,
    request: put(body, type),
    answers: answers.length > 0 ? answers : ['400 MANIFEST_INVALID'],
  }))
  const raw: HostileCase[] = [
    {
      name: 'bytes that are no UTF-8',
      request: requestWithBody('PUT', '/v2/bodies/manifests/tag', '{"a":"\xff\xfe"}'),
      answers: ['400 MANIFEST_INVALID'],
    },
    {
      name: 'an overlong character',
      request: requestWithBody('PUT', '/v2/bodies/manifests/tag', '{"a":"\xc0\xae"}'),
      answers: ['400 MANIFEST_INVALID'],
    },
    {
      name: 'sixteen bits a character',
      request: requestWithBody('PUT', '/v2/bodies/manifests/tag', Buffer.from(imageText, 'utf16le').toString('latin1')),
      answers: ['400 MANIFEST_INVALID'],
    },
    {
      name: 'compressed',
      request: requestWithBody('PUT', '/v2/bodies/manifests/tag', Buffer.from(Bun.gzipSync(imageText)).toString('latin1')),
      answers: ['400 MANIFEST_INVALID'],
    },
    { name: 'another digest', request: put(image, types.manifest, child.digest), answers: ['400 DIGEST_INVALID'] },
    {
      name: '8 MB announced',
      request: requestLine('PUT', '/v2/bodies/manifests/tag', 'Content-Length: 8000000\r\n') + 'x'.repeat(8_000_000),
      answers: ['413 MANIFEST_INVALID'],
    },
  ]
  testCases(() => server().url, [...cases, ...raw], [
    { name: 'an image', request: put(image), answers: ['201'] },
    { name: 'an image by its digest', request: put(image, types.manifest, digestOf(imageText)), answers: ['201'] },
    { name: 'an image without a type', request: put(image, null), answers: ['201'] },
    { name: 'an index', request: put(index, types.index), answers: ['201'] },
    { name: 'a subject that is not here', request: put({ ...image, subject: child }), answers: ['201'] },
    { name: 'members nobody knows', request: put({ ...image, x: { Layers: [], manifests: [] } }), answers: ['201'] },
    {
      name: '30 arrays in each other',
      request: put({ ...image, x: JSON.parse(`${'['.repeat(30)}${']'.repeat(30)}`) as unknown }),
      answers: ['201'],
    },
    { name: '10,000 layers', request: put({ ...image, layers: Array.from({ length: 10_000 }, () => layer) }), answers: ['201'] },
    {
      name: 'text of all kinds',
      request: put({ ...image, annotations: { '\u{1f6a2}\u202e': '\u0001\u2028</script>' } }),
      answers: ['201'],
    },
    {
      name: 'a number of a million digits',
      request: put(imageText.replace('{', `{"a":${'9'.repeat(1_000_000)},`)),
      answers: ['201'],
    },
    { name: 'blanks behind it', request: put(`${imageText} \r\n\t`), answers: ['201'] },
    { name: 'almost 4 MiB', request: put({ ...index, a: 'x'.repeat(4_000_000) }, types.index), answers: ['201'] },
  ])

  test('nothing that was refused is there', async () => {
    await client().putManifest('bodies', 'kept', imageText, types.manifest)
    for (const one of cases) {
      const body = one.request.slice(one.request.indexOf('\r\n\r\n') + 4)
      if (body === '' || one.answers.includes('201')) continue
      const digest = digestOf(Buffer.from(body, 'latin1'))
      // The same bytes may be legal under another type.
      if (digest === digestOf(imageText) || digest === digestOf(JSON.stringify(index))) continue
      expect([one.name, (await client().send('HEAD', `/v2/bodies/manifests/${digest}`)).status]).toEqual([one.name, 404])
    }
    const { tags } = jsonOf(await client().send('GET', '/v2/bodies/tags/list')) as { tags: string[] }
    expect(tags).toEqual(['kept', 'tag'])
  })
})
