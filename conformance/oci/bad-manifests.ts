import { expect } from 'bun:test'
import { berth, clients, type Check } from '../checks/check.ts'
import { digestOf } from '../digest.ts'
import { jsonOf, textOf } from './client.ts'
import { types } from './content.ts'
import { createBuilder } from './data-sets.ts'
import { expectError } from './expect-error.ts'
import { expectNothing, put, pushedImage } from './manifest-put.ts'

const bad: Readonly<Record<string, string>> = {
  nothing: '',
  'no JSON': 'this is not JSON',
  'cut-off JSON': '{"schemaVersion":2,"config":{',
  'a list': '[]',
  'a number': '7',
  null: 'null',
  'JSON with something behind': '{"schemaVersion":2,"manifests":[]} {}',
  'a depth no program needs': `{"schemaVersion":2,"manifests":[],"a":${'['.repeat(50_000)}${']'.repeat(50_000)}}`,
  'a member twice': '{"schemaVersion":2,"manifests":[],"manifests":[]}',
  'another schemaVersion': '{"schemaVersion":3,"manifests":[]}',
  'manifests that are no list': '{"schemaVersion":2,"manifests":{}}',
  'a child that is no descriptor': '{"schemaVersion":2,"manifests":[1]}',
  'a child without a digest': '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1}]}',
  'a child with a bad digest': '{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":1,"digest":"sha256:1"}]}',
  'a child of negative size': `{"schemaVersion":2,"manifests":[{"mediaType":"a/b","size":-1,"digest":"${digestOf('')}"}]}`,
  'an index that is an image too': '{"schemaVersion":2,"manifests":[],"layers":[]}',
  'another mediaType than its Content-Type': `{"schemaVersion":2,"mediaType":"${types.manifest}","manifests":[]}`,
  'a bad subject': '{"schemaVersion":2,"manifests":[],"subject":{"digest":"x"}}',
  'annotations that are no strings': '{"schemaVersion":2,"manifests":[],"annotations":{"a":1}}',
}
const idOf = (name: string): string => name.toLowerCase().replaceAll(' ', '-')

export const badManifests: readonly Check[] = [
  clients('unreadable', 'a manifest that cannot be read is MANIFEST_INVALID', ['quirks/type-problem-code'], async (client) => {
    const repository = client.repository()
    await client.pushBlob(repository, '')
    expectError(await put(client, repository, 'refused', 'this is not JSON', types.manifest), 400, 'MANIFEST_INVALID')
    await expectNothing(client, repository, 'this is not JSON')
  }),
  ...Object.entries(bad).map(([name, text]) =>
    berth(`bad-${idOf(name)}`, `an index that is ${name} is refused`, [], async (client) => {
      const repository = client.repository()
      await client.pushBlob(repository, '')
      expectError(await put(client, repository, 'refused', text, types.index), 400, 'MANIFEST_INVALID')
      expectError(await put(client, repository, digestOf(text), text, types.index), 400, 'MANIFEST_INVALID')
      await expectNothing(client, repository, text)
    }),
  ),
  berth('bad-utf-8', 'bytes that are no UTF-8 are refused', [], async (client) => {
    const [repository, text] = [client.repository(), '{"schemaVersion":2,"manifests":[],"a":"?"}']
    const bytes = new Uint8Array(Buffer.from(text)).map((byte) => (byte === 63 ? 255 : byte))
    expectError(await put(client, repository, 'refused', bytes, types.index), 400, 'MANIFEST_INVALID')
    await expectNothing(client, repository, text)
  }),
  berth('schema-1', 'schema 1 is refused with words', ['quirks/schema1'], async (client) => {
    const text = '{"schemaVersion":1,"name":"a","tag":"b","fsLayers":[],"history":[]}'
    for (const type of [types.schema1, types.schema1.replace('prettyjws', 'json'), undefined]) {
      const repository = client.repository()
      const answer = await put(client, repository, 'refused', text, type)
      expectError(answer, 400, 'MANIFEST_INVALID')
      expect(textOf(answer)).toContain('schema 1')
      await expectNothing(client, repository, text)
    }
  }),
  berth('missing-children', 'every missing child is named', [], async (client) => {
    const repository = client.repository()
    const builder = createBuilder()
    const config = builder.config()
    const missing = [builder.unpushed(types.gzipLayer), builder.unpushed(types.gzipLayer)]
    builder.manifest({ config, layers: missing }, types.manifest)
    await client.pushBlob(repository, builder.set.blobs[0] ?? new Uint8Array())
    const text = builder.set.manifests[0]?.text ?? ''
    const answer = await put(client, repository, 'refused', text, types.manifest)
    expectError(answer, 400, 'MANIFEST_BLOB_UNKNOWN')
    const { errors } = jsonOf(answer) as { errors: { detail: unknown }[] }
    expect(JSON.stringify(errors.map(({ detail }) => detail))).toContain(String(missing[0]?.digest))
    expect(errors.length).toBe(2)
    await expectNothing(client, repository, text)
  }),
  berth('child-elsewhere', 'a child in another repository is missing here', [], async (client) => {
    const [repository, other] = [client.repository(), client.repository()]
    const text = await pushedImage(client, other)
    expect((await put(client, other, 'one', text, types.manifest)).status).toBe(201)
    await client.pushBlob(repository, '')
    expectError(await put(client, repository, 'refused', text, types.manifest), 400, 'MANIFEST_BLOB_UNKNOWN')
    await expectNothing(client, repository, text)
  }),
]
