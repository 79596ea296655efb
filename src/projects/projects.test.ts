import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import type { Statement, Value } from '../database/index.ts'
import { digestBytes, type Tag } from '../oci/index.ts'
import { anonymous, bodyOf, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, type TestRegistry } from '../registry/test-registry.testing.ts'
import { findProject } from './find-project.testing.ts'
import { clearSome } from './keep-clearing.ts'
import { createProjects, type Projects } from './projects.ts'
import { changeProject, deleteProject } from './project-transactions.ts'

const actor = { identity: 'alice', address: '10.1.1.1' }
const code = (result: unknown) => Promise.resolve(result).then(() => 'ok', (error: { code: string }) => error.code)
const sql = <Row>(name: string, text: string): Statement<Row> => ({ name, sqlite: text.replace(/\$(\d)/g, '?$1'), postgres: text })
const events = sql<{ kind: string; actor: string | null; address: string | null; keys: string }>(
  'test-events',
  `select kind, actor, address, keys from event where kind like 'project.%' order by seq`,
)
const count = (table: string) => sql<{ count: number }>(`test-count-${table}`, `select count(*) as count from ${table}`)
const version = sql<{ value: string }>('test-version', `select value from meta where name = 'rights'`)
const grants = sql<{ subject_kind: string; subject_id: number; role: string }>(
  'test-grants',
  'select subject_kind, subject_id, role from access_grant where namespace_id = $1',
)

forEachDatabase('projects', (kind) => {
  let t: TestRegistry
  let projects: Projects
  beforeEach(async () => {
    t = await createTestRegistry(kind)
    projects = createProjects(t.database, 0)
  })
  afterEach(() => t.dispose())

  const one = async <Row>(statement: Statement<Row>, ...values: Value[]): Promise<Row> => {
    const row = await t.database.one(statement, ...values)
    if (row === undefined) throw new Error('no row')
    return row
  }
  const rightsVersion = async (): Promise<number> => Number((await one(version)).value)
  const create = (name: string) => projects.create({ name, visibility: 'private', actor })
  const lastEvent = async () => {
    const row = (await t.database.all(events)).at(-1)
    return { ...row, keys: JSON.parse(row?.keys ?? 'null') as unknown }
  }

  /** An image with two tags; answers its digest. */
  async function pushImage(name: string, content = name): Promise<ReturnType<typeof byDigest>> {
    const layer = { digest: await pushBlob(t.registry, name, content.padEnd(100_000, '.')), size: 100_000 }
    const config = { digest: await pushBlob(t.registry, name, '{}'), size: 2 }
    const digest = await pushManifest(t.registry, name, byTag('v1'), manifestOf([layer], config))
    await pushManifest(t.registry, name, byTag('latest'), manifestOf([layer], config))
    return byDigest(digest)
  }
  const pull = (name: string, reference = byTag('v1')) => code(t.registry.pull.manifest(anonymous, repository(name), reference))
  const catalog = async () => (await t.registry.lists.repositories(anonymous, { limit: undefined, last: undefined })).names

  describe('are made', () => {
    test('with a visibility and an administrator, and say so in their event', async () => {
      const before = await rightsVersion()
      const made = await projects.create({ name: 'team', visibility: 'internal', admin: { kind: 'account', id: 7 }, actor })
      expect(made).toEqual({ id: expect.any(Number) as number, name: 'team', visibility: 'internal', state: 'live', createdAt: t.clock.now() })
      expect(await findProject(t.database, 'team')).toEqual(made)
      expect(await t.database.all(grants, made.id)).toEqual([{ subject_kind: 'account', subject_id: 7, role: 'project-admin' }])
      expect(await rightsVersion()).toBe(before + 1)
      const after = { name: 'team', visibility: 'internal', admin: { kind: 'account', id: 7 } }
      expect(await lastEvent()).toEqual({ kind: 'project.create', actor: 'alice', address: '10.1.1.1', keys: { project: made.id, before: null, after } })
    })

    test('once under one name, of which two ask at the same time', async () => {
      const results = await Promise.all([1, 2, 3].map(() => code(create('team'))))
      expect(results.sort()).toEqual(['exists', 'exists', 'ok'])
    })

    test.each(['', 'Team', 'te am', 'team/app', '-team', 'team-', 'te__am', 'tеam', '.', '..', 'x'.repeat(65)])('never under the name %p', async (name) => {
      expect(await code(create(name))).toBe('name')
      const { id } = await create('other')
      expect(await code(projects.rename({ id, name, actor }))).toBe('name')
    })
  })

  describe('are changed', () => {
    test('in who sees them, with what was before in the event', async () => {
      const { id } = await create('team')
      const before = await rightsVersion()
      expect(await projects.change({ id, visibility: 'public', actor })).toMatchObject({ visibility: 'public', state: 'live' })
      expect(await rightsVersion()).toBe(before + 1)
      const keys = { project: id, name: 'team', before: { visibility: 'private', state: 'live' }, after: { visibility: 'public', state: 'live' } }
      expect(await lastEvent()).toMatchObject({ kind: 'project.update', keys })
      expect(await code(projects.change({ id: id + 1, visibility: 'public', actor }))).toBe('unknown')
    })

    test('to archived ones, in which everything can be pulled and nothing changed', async () => {
      const digest = await pushImage('team/app')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      const { id: session } = await t.registry.uploads.begin(anonymous, repository('team/app'))
      expect((await projects.change({ id, state: 'frozen', actor })).state).toBe('frozen')
      expect(await pull('team/app')).toBe('ok')
      const refused = [
        () => pushBlob(t.registry, 'team/app', 'new'),
        () => pushBlob(t.registry, 'team/new', 'new'),
        () => pushManifest(t.registry, 'team/app', byTag('v2'), manifestOf([], { digest: digestBytes(Buffer.from('{}'), 'sha256'), size: 2 })),
        () => t.registry.uploads.append(anonymous, repository('team/app'), session, bodyOf('bytes')),
        () => t.registry.deletes.manifest(anonymous, repository('team/app'), byTag('v1')),
        () => t.registry.deletes.manifest(anonymous, repository('team/app'), digest),
      ]
      for (const write of refused) expect(await Promise.resolve(write()).catch((error: Error) => error.message)).toContain('this project is archived')
      await projects.change({ id, state: 'live', actor })
      await pushBlob(t.registry, 'team/app', 'new')
    })
  })

  describe('are renamed', () => {
    test('with all their repositories, and found under the old name until it is taken', async () => {
      await pushImage('team/app')
      await pushImage('team/deep/er')
      await pushImage('team')
      await pushImage('teamwork/app')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      const before = await rightsVersion()
      expect((await projects.rename({ id, name: 'crew', actor })).name).toBe('crew')
      expect(await rightsVersion()).toBe(before + 1)
      expect(await catalog()).toEqual(['crew', 'crew/app', 'crew/deep/er', 'teamwork/app'])
      expect([await pull('crew/app'), await pull('crew'), await pull('crew/deep/er'), await pull('team/app')]).toEqual(['ok', 'ok', 'ok', 'NAME_UNKNOWN'])
      expect(await findProject(t.database, 'team')).toMatchObject({ id, name: 'crew' })
      expect(await lastEvent()).toMatchObject({ kind: 'project.rename', keys: { project: id, before: { name: 'team' }, after: { name: 'crew' } } })
      const taken = await create('team')
      expect(await findProject(t.database, 'team')).toEqual(taken)
      expect(await catalog()).not.toContain('team/app')
    })

    test('back and forth', async () => {
      await pushImage('team/app')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      for (const name of ['crew', 'team', 'group', 'crew', 'crew']) await projects.rename({ id, name, actor })
      expect(await pull('crew/app')).toBe('ok')
      for (const name of ['team', 'group', 'crew']) expect(await findProject(t.database, name)).toMatchObject({ id, name: 'crew' })
    })

    test('not to a name that another one has, nor to one with which a path would be too long', async () => {
      const long = `team/${'x'.repeat(250)}`
      await pushBlob(t.registry, long, 'x')
      await create('crew')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      expect(await code(projects.rename({ id, name: 'crew', actor }))).toBe('exists')
      expect(await code(projects.rename({ id, name: 'teams', actor }))).toBe('path')
      expect(await catalog()).toEqual([long])
      expect(await projects.rename({ id, name: 'tea', actor })).toMatchObject({ name: 'tea' })
    })

    test('one of several at once to one name', async () => {
      const ids = await Promise.all(['a', 'b', 'c'].map(async (name) => (await create(name)).id))
      const results = await Promise.all(ids.map((id) => code(projects.rename({ id, name: 'crew', actor }))))
      expect(results.sort()).toEqual(['exists', 'exists', 'ok'])
    })

    test('so that a push under the old name that was decided before goes on in it, and makes no second project', async () => {
      await pushImage('team/app')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      await projects.rename({ id, name: 'crew', actor })
      expect(await code(pushBlob(t.registry, 'team/app', 'x'))).toBe('ok')
      expect(await catalog()).toEqual(['crew/app'])
    })
  })

  describe('are deleted', () => {
    test('when they hold no manifest, or when that was asked for', async () => {
      await pushImage('team/app')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      expect(await code(projects.remove({ id, force: false, actor }))).toBe('not-empty')
      expect(await pull('team/app')).toBe('ok')
      await projects.remove({ id, force: true, actor })
      expect(await findProject(t.database, 'team')).toBeUndefined()
      expect(await code(projects.remove({ id, force: true, actor }))).toBe('unknown')
      const keys = { project: id, before: { name: 'team', visibility: 'private', state: 'live' }, after: null, force: true }
      const deletion = (await t.database.all(events)).find((event) => event.kind === 'project.delete')
      expect(JSON.parse(deletion?.keys ?? '')).toEqual(keys)
    })

    test('so that nothing of them can be read, mounted or listed at once, long before all is cleared', async () => {
      const digest = await pushImage('team/app')
      const layer = await pushBlob(t.registry, 'team/app', 'layer')
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      const before = await rightsVersion()
      expect(await t.database.transact(deleteProject, { id, force: true, retention: 0, actor })).toEqual({ ok: null })
      expect(await rightsVersion()).toBe(before + 1)
      expect([await pull('team/app'), await pull('team/app', digest)]).toEqual(['NAME_UNKNOWN', 'NAME_UNKNOWN'])
      expect(await code(t.registry.pull.blob(anonymous, repository('team/app'), layer))).toBe('NAME_UNKNOWN')
      expect(await code(t.registry.lists.tags(anonymous, repository('team/app'), { limit: undefined, last: undefined }))).toBe('NAME_UNKNOWN')
      expect(await catalog()).toEqual([])
      for (const from of [repository('team/app'), undefined]) {
        expect(await t.registry.uploads.mount(anonymous, repository('thief/app'), layer, from)).toBe(false)
      }
      expect(await code(pushBlob(t.registry, 'team/app', 'x'))).toBe('NAME_UNKNOWN')
      expect(await code(create('team'))).toBe('deleting')
      expect(await code(projects.change({ id, visibility: 'public', actor }))).toBe('unknown')
      expect(await code(projects.rename({ id, name: 'crew', actor }))).toBe('unknown')
    })

    test('by small steps that go on after any of them, until the collector has freed every byte', async () => {
      for (let n = 0; n < 5; n++) await pushImage(`team/app-${n}`, String(n))
      await pushImage('other/app', '3')
      const digest = await pushManifest(t.registry, 'team/tags', byTag('first'), manifestOf([], { digest: await pushBlob(t.registry, 'team/tags', '{}'), size: 2 }))
      const tags = Array.from({ length: 450 }, (_, n) => `t${n}` as Tag)
      const { bytes } = await t.registry.pull.manifest(anonymous, repository('team/tags'), byDigest(digest))
      await t.registry.push.manifest(anonymous, repository('team/tags'), byDigest(digest), { contentType: undefined, bytes, tags })
      const { id } = (await findProject(t.database, 'team')) ?? { id: 0 }
      await t.database.transact(deleteProject, { id, force: true, retention: 0, actor })
      let steps = 0
      while (await clearSome(t.database, t.clock)) steps++
      expect(steps).toBeGreaterThan(1)
      expect(await clearSome(t.database, t.clock)).toBe(false)
      while ((await t.collector.collectDue(100)) > 0);
      t.clock.advance(60_001)
      while ((await t.collector.collectDue(100)) > 0);
      expect(await pull('other/app')).toBe('ok')
      const left = async (table: string) => (await one(count(table))).count
      expect({ manifests: await left('manifest'), tags: await left('tag'), links: await left('link'), objects: await left('object') }).toEqual({
        manifests: 1,
        tags: 2,
        links: 2,
        objects: 1,
      })
    })

    test('so that one that is made again under the name is another one, with nothing of the first', async () => {
      await pushImage('team/app')
      const first = await findProject(t.database, 'team')
      await projects.create({ name: 'x', visibility: 'private', actor })
      await projects.remove({ id: first?.id ?? 0, force: true, actor })
      const second = await create('team')
      expect(second.id).not.toBe(first?.id as number)
      expect(await pull('team/app')).toBe('NAME_UNKNOWN')
      await pushBlob(t.registry, 'team/app', 'new')
      expect(await pull('team/app')).toBe('MANIFEST_UNKNOWN')
      expect(await t.database.transact(changeProject, { id: first?.id ?? 0, visibility: 'public', actor })).toEqual({ refused: 'PROJECT_UNKNOWN' })
    })

    test('with the names that led to them', async () => {
      const { id } = await create('team')
      await projects.rename({ id, name: 'crew', actor })
      await projects.remove({ id, force: false, actor })
      expect(await findProject(t.database, 'team')).toBeUndefined()
      expect(await code(create('crew'))).toBe('ok')
    })
  })
})
