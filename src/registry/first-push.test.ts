import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Statement } from '../database/index.ts'
import { systemIds } from '../lib/index.ts'
import { allowAll, createRegistry, type MayCreate, type Registry } from './index.ts'
import { anonymous, bodyOf, createTestRegistry, pushBlob, pushManifest, byTag, repository, settings, type TestRegistry } from './test-registry.testing.ts'

const sql = <Row>(name: string, text: string): Statement<Row> => ({ name, sqlite: text, postgres: text })
const projects = sql<{ id: number; name: string; visibility: string }>('test-projects', 'select id, name, visibility from namespace order by name')
const grants = sql<object>('test-all-grants', 'select namespace_id, prefix, exact, subject_kind, subject_id, role from access_grant')
const createdBy = sql<{ kind: string; keys: string }>('test-creations', `select kind, keys from event where keys like '%createdProject%'`)
const code = (result: Promise<unknown>) => result.then(() => 'ok', (error: { code: string }) => error.code)

forEachDatabase('a first push', (kind) => {
  let t: TestRegistry
  let registry: Registry
  let may: MayCreate
  beforeEach(async () => {
    t = await createTestRegistry(kind)
    registry = createRegistry({ ...t, ids: systemIds, authorize: allowAll, ensureRepository: () => may, settings, contentCache: 1024 })
  })
  afterEach(() => t.dispose())

  const push = (name: string, content = 'x') => code(pushBlob(registry, name, content))
  const idOf = async (name: string) => (await t.database.all(projects)).find((project) => project.name === name)?.id ?? 0

  test('makes a private project that its maker administers, in the same transaction, whatever it pushes first', async () => {
    may = { project: null, repository: false, newProject: true, maker: { kind: 'account', id: 5 } }
    const large = 'y'.repeat(100_000)
    const pushes: Record<string, () => Promise<unknown>> = {
      blob: () => pushBlob(registry, 'blob/app', 'x'),
      // Its first bytes make the project, and its end finds it.
      object: () => pushBlob(registry, 'object/app', large),
      mount: async () => {
        await pushBlob(t.registry, 'source', 'm')
        return await registry.uploads.mount(anonymous, repository('mount/app'), await pushBlob(t.registry, 'source', 'm'), repository('source'))
      },
      session: async () => {
        const { id } = await registry.uploads.begin(anonymous, repository('session/app'))
        await registry.uploads.append(anonymous, repository('session/app'), id, bodyOf('bytes'))
      },
      manifest: () => pushManifest(registry, 'manifest/app', byTag('v1'), { schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }),
    }
    for (const [name, first] of Object.entries(pushes)) {
      await first()
      const id = await idOf(name)
      expect((await t.database.all(projects)).find((project) => project.name === name)?.visibility).toBe('private')
      expect(await t.database.all(grants)).toContainEqual({ namespace_id: id, prefix: '', exact: 0, subject_kind: 'account', subject_id: 5, role: 'project-admin' })
      const event = (await t.database.all(createdBy)).find(({ keys }) => keys.includes(`"${name}/app"`))
      expect(JSON.parse(event?.keys ?? '{}')).toMatchObject({
        createdRepository: `${name}/app`,
        createdProject: { id, name, visibility: 'private', admin: { kind: 'account', id: 5 } },
      })
    }
  })

  test('makes nothing that it may not make', async () => {
    may = { project: null, repository: true, newProject: false }
    expect(await push('team/app')).toBe('DENIED')
    expect(await t.database.all(projects)).toEqual([])
    await pushBlob(t.registry, 'team/app', 'x')
    may = { project: await idOf('team'), repository: false, newProject: true }
    expect(await push('team/app', 'y')).toBe('ok')
    expect(await push('team/new', 'y')).toBe('DENIED')
    expect((await t.registry.lists.repositories(anonymous, { limit: undefined, last: undefined })).names).toEqual(['team/app'])
  })

  test('does nothing in another project than the one its rights are about', async () => {
    await pushBlob(t.registry, 'team/app', 'x')
    for (const project of [null, (await idOf('team')) + 1]) {
      may = { project, repository: true, newProject: true, maker: { kind: 'account', id: 5 } }
      expect([await push('team/app', 'y'), await push('team/new', 'y')]).toEqual(['UNAVAILABLE', 'UNAVAILABLE'])
    }
    expect(await t.database.all(grants)).toEqual([])
  })

  test('of several at once makes the project of one of them', async () => {
    const makers = [1, 2, 3, 4]
    let next = 0
    registry = createRegistry({
      ...t,
      ids: systemIds,
      authorize: allowAll,
      ensureRepository: () => ({ project: null, repository: false, newProject: true, maker: { kind: 'account', id: ++next } }),
      settings,
      contentCache: 1024,
    })
    const results = await Promise.all(makers.map((n) => push('team/app', `content ${n}`)))
    expect(results.sort()).toEqual(['UNAVAILABLE', 'UNAVAILABLE', 'UNAVAILABLE', 'ok'])
    expect(await t.database.all(grants)).toHaveLength(1)
  })
})
