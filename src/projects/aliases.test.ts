import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { anonymous, bodyOf, byTag, createTestRegistry, manifestOf, noBody, pushBlob, pushManifest, repository, type TestRegistry } from '../registry/test-registry.testing.ts'
import type { AuthorizationQuestion, Registry, UploadBody } from '../registry/index.ts'
import { digestBytes } from '../oci/index.ts'
import { createAliases, type Aliases } from './aliases.ts'
import { findProject } from './find-project.testing.ts'
import { createProjects, type Projects } from './projects.ts'
import { resolvingRegistry } from './resolving-registry.ts'

const actor = { identity: undefined, address: '' }

forEachDatabase('names that projects had before', (kind) => {
  let t: TestRegistry
  let projects: Projects
  let aliases: Aliases
  let registry: Registry
  let version: number
  let reads: number
  const asked: AuthorizationQuestion[] = []
  beforeEach(async () => {
    asked.length = 0
    t = await createTestRegistry(kind, (question) => {
      asked.push(question)
      return { allowed: true, rule: 'test' }
    })
    projects = createProjects(t.database, 0)
    version = 1
    reads = 0
    const counted: typeof t.database = { ...t.database, one: (...call) => (reads++, t.database.one(...call)) }
    aliases = createAliases(counted, { current: () => version })
    registry = resolvingRegistry(t.registry, aliases)
  })
  afterEach(() => t.dispose())

  async function rename(from: string, to: string): Promise<void> {
    await projects.rename({ id: (await findProject(t.database, from))?.id ?? 0, name: to, actor })
    version++
  }
  const resolve = async (name: string): Promise<string> => await aliases.resolve(repository(name))

  test('lead to what they are now, from memory while nothing changed', async () => {
    await pushBlob(t.registry, 'team/app', 'x')
    expect(await resolve('team/app')).toBe('team/app')
    await rename('team', 'crew')
    expect(await resolve('team/app')).toBe('crew/app')
    expect(await resolve('team')).toBe('crew')
    expect(await resolve('teamwork/app')).toBe('teamwork/app')
    const before = reads
    expect(aliases.resolve(repository('team/other/app'))).toBe(repository('crew/other/app'))
    expect(reads).toBe(before)
    await projects.create({ name: 'team', visibility: 'private', actor })
    version++
    expect(await resolve('team/app')).toBe('team/app')
    await projects.remove({ id: (await findProject(t.database, 'crew'))?.id ?? 0, force: true, actor })
  })

  test('are not remembered without end', async () => {
    for (let n = 0; n <= 10_000; n++) await resolve(`p${n}/app`)
    const before = reads
    await resolve('p10000/app')
    expect(reads).toBe(before)
    await resolve('p0/app')
    expect(reads).toBe(before + 1)
  })

  test('that lead to a name too long for a repository lead nowhere, and nobody hears of it', async () => {
    await projects.create({ name: 'team', visibility: 'private', actor })
    await rename('team', 'a-longer-name')
    const [fits, long] = [`team/${'x'.repeat(255 - 'a-longer-name/'.length)}`, `team/${'x'.repeat(250)}`]
    expect(await resolve(fits)).toBe(fits.replace('team', 'a-longer-name'))
    expect(await resolve(long)).toBe(long)
  })

  test('are followed by every call, and rights are asked about where they lead', async () => {
    const config = { digest: await pushBlob(t.registry, 'team/app', '{}'), size: 2 }
    const image = manifestOf([], config)
    const digest = await pushManifest(t.registry, 'team/app', byTag('v1'), image)
    await rename('team', 'crew')
    asked.length = 0
    const name = repository('team/app')
    const bytes = new TextEncoder().encode('more')
    const more = digestBytes(bytes, 'sha256')
    const page = { limit: undefined, last: undefined }
    await registry.pull.manifest(anonymous, name, byTag('v1'))
    await registry.pull.statManifest(anonymous, name, byTag('v1'))
    await registry.pull.blob(anonymous, name, config.digest)
    await registry.pull.statBlob(anonymous, name, config.digest)
    await registry.uploads.pushWhole(anonymous, name, more, bodyOf(bytes))
    const { id } = await registry.uploads.begin(anonymous, name)
    await registry.uploads.append(anonymous, name, id, bodyOf(bytes))
    await registry.uploads.status(anonymous, name, id)
    await registry.uploads.finish(anonymous, name, id, more, noBody)
    await registry.uploads.cancel(anonymous, name, (await registry.uploads.begin(anonymous, name)).id)
    expect(await registry.uploads.mount(anonymous, repository('other/app'), more, name)).toBe(true)
    expect(await registry.uploads.mount(anonymous, repository('team/new'), more, repository('other/app'))).toBe(true)
    await pushManifest(registry, 'team/app', byTag('v2'), image)
    expect((await registry.lists.tags(anonymous, name, page)).names).toEqual(['v1', 'v2'])
    await registry.lists.referrers(anonymous, name, digest, { ...page, artifactType: undefined })
    await registry.deletes.manifest(anonymous, name, byTag('v1'))
    await registry.deletes.blob(anonymous, repository('team/new'), more)
    expect((await registry.lists.repositories(anonymous, page)).names).toEqual(['crew/app', 'crew/new', 'other/app'])
    const places = new Set(asked.flatMap(({ namespace, repository: at }) => [namespace, at]))
    expect([...places].filter((place) => place?.startsWith('team'))).toEqual([])
  })

  test('an upload goes on where its project is renamed meanwhile, under either name', async () => {
    const [old, now] = [repository('team/app'), repository('crew/app')]
    const large = new Uint8Array(3_000_000).fill(7)
    await pushBlob(t.registry, 'team/other', 'x')
    const begin = async (): Promise<string> => (await registry.uploads.begin(anonymous, old)).id
    const [untouched, begun, whole] = [await begin(), await begin(), await begin()]
    expect((await registry.uploads.append(anonymous, old, begun, bodyOf(large))).offset).toBe(large.length)
    // Bodies that are on their way: of sessions with and without a row, and of a closing request.
    const [go, started] = [Promise.withResolvers<void>(), [] as Promise<void>[]]
    const standing = (bytes: Uint8Array): UploadBody => {
      const reached = Promise.withResolvers<void>()
      started.push(reached.promise)
      const parts = [bytes.subarray(0, bytes.length - 1), bytes.subarray(bytes.length - 1)]
      const read = async () => {
        if (parts.length === 1) {
          reached.resolve()
          await go.promise
        }
        return { value: parts.shift() }
      }
      return { stream: { getReader: () => ({ read, cancel: () => Promise.resolve() }) }, length: bytes.length, range: undefined }
    }
    const more = new Uint8Array(2_000_000).fill(8)
    const onTheirWay = [
      registry.uploads.append(anonymous, old, begun, standing(more)),
      registry.uploads.append(anonymous, old, untouched, standing(large)),
      registry.uploads.finish(anonymous, old, whole, digestBytes(more, 'sha256'), standing(more)),
      registry.uploads.pushWhole(anonymous, repository('team/new'), digestBytes(large, 'sha256'), standing(large)),
    ] as const
    await Promise.all(started)
    await rename('team', 'crew')
    go.resolve()
    expect((await Promise.all(onTheirWay)).map((status) => status?.offset)).toEqual([large.length + more.length, large.length, undefined, undefined])
    const all = digestBytes(new Uint8Array([...large, ...more]), 'sha256')
    expect((await registry.uploads.status(anonymous, now, begun)).offset).toBe(large.length + more.length)
    await registry.uploads.finish(anonymous, old, begun, all, noBody)
    await registry.uploads.finish(anonymous, now, untouched, digestBytes(large, 'sha256'), noBody)
    for (const digest of [all, digestBytes(more, 'sha256'), digestBytes(large, 'sha256')]) {
      expect((await registry.pull.statBlob(anonymous, now, digest)).digest).toBe(digest)
    }
    expect((await registry.pull.statBlob(anonymous, repository('crew/new'), digestBytes(large, 'sha256'))).size).toBe(large.length)
  })

  test('an upload goes on after one more of a hundred renames', async () => {
    await pushBlob(t.registry, 'team-0/app', 'x')
    for (let n = 0; n < 105; n++) {
      t.clock.advance(1)
      await rename(`team-${n}`, `team-${n + 1}`)
    }
    const { id } = await registry.uploads.begin(anonymous, repository('team-105/app'))
    await registry.uploads.append(anonymous, repository('team-105/app'), id, bodyOf(new Uint8Array(10)))
    t.clock.advance(1)
    await rename('team-105', 'crew')
    for (const name of ['crew/app', 'team-105/app', 'team-3/app']) {
      expect((await registry.uploads.status(anonymous, repository(name), id)).offset).toBe(10)
    }
  })

  test('an upload of a renamed project is unknown in another one that takes its name', async () => {
    const name = repository('team/app')
    await pushBlob(t.registry, 'team/app', 'x')
    const { id } = await registry.uploads.begin(anonymous, name)
    await registry.uploads.append(anonymous, name, id, bodyOf('bytes'))
    await rename('team', 'crew')
    await projects.create({ name: 'team', visibility: 'private', actor })
    version++
    await pushBlob(t.registry, 'team/app', 'x')
    const append = registry.uploads.append(anonymous, name, id, bodyOf('more'))
    expect(await append.catch((error: { code: string }) => error.code)).toBe('BLOB_UPLOAD_UNKNOWN')
    const ofRenamed = registry.uploads.status(anonymous, repository('crew/app'), id)
    expect(await ofRenamed.catch((error: { code: string }) => error.code)).toBe('BLOB_UPLOAD_UNKNOWN')
  })

  test('cannot be told without the version of the rights: then nothing is answered', async () => {
    const broken = resolvingRegistry(t.registry, createAliases(t.database, { current: () => { throw new Error('no version') } }))
    expect(await Promise.resolve(broken.pull.manifest(anonymous, repository('a/b'), byTag('v1'))).catch(String)).toContain('no version')
    expect(await broken.uploads.begin(anonymous, repository('a/b')).catch(String)).toContain('no version')
  })
})
