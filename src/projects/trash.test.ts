import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { transaction, type Statement, type Tx } from '../database/index.ts'
import { allowAll, holdCollection } from '../registry/index.ts'
import { anonymous, byDigest, byTag, createTestRegistry, manifestOf, pushBlob, pushManifest, repository, type TestRegistry } from '../registry/test-registry.testing.ts'
import { findProject } from './find-project.testing.ts'
import { clearSome } from './keep-clearing.ts'
import { createProjects, type Projects } from './projects.ts'
import { createRepositories, type Repositories } from './repositories.ts'

const actor = { identity: 'alice', address: '10.1.1.1' }
const day = 86_400_000
const code = (result: unknown) => Promise.resolve(result).then(() => 'ok', (error: { code: string }) => error.code)
const sql = <Row>(name: string, text: string): Statement<Row> => ({ name, sqlite: text.replace(/\$(\d)/g, '?$1'), postgres: text })
const trash = sql<{ id: number; kind: string; path: string; purge_at: number; deleted_by: string | null }>(
  'test-trash',
  'select id, kind, path, purge_at, deleted_by from trash order by id',
)
const rights = sql<{ grants: number; rules: number; robots: number }>(
  'test-rights',
  `select (select count(*) from access_grant where namespace_id = $1) as grants, (select count(*) from tag_rule where namespace_id = $1) as rules,
     (select count(*) from robot where namespace_id = $1 and deleted_at is null and version = 1) as robots`,
)
const count = (table: string) => sql<{ count: number }>(`test-trash-count-${table}`, `select count(*) as count from ${table}`)
const insertRobot = sql('test-robot', `insert into robot (namespace_id, name, created_at) values ($1, 'ci', 0)`)
const insertRule = sql(
  'test-rule',
  `insert into tag_rule (namespace_id, prefix, exact, pattern, permissions, roles, created_at) values ($1, '', 0, 'v*', '[]', '[]', 0)`,
)
/** A robot and a rule of a project, as other rooms make them. */
const giveRights = transaction('give rights', async (tx: Tx, project: number) => {
  for (const insert of [insertRobot, insertRule]) await tx.run(insert, project)
  return { ok: null }
})
const kinds = sql<{ kind: string }>('test-trash-kinds', `select kind from event where kind like 'repository.%' or kind like 'project.%' order by seq`)

forEachDatabase('the trash', (kind) => {
  let t: TestRegistry
  let projects: Projects
  let repositories: Repositories
  beforeEach(async () => {
    t = await createTestRegistry(kind, allowAll, [giveRights])
    projects = createProjects(t.database, 7 * day)
    repositories = createRepositories(t.database, 7 * day)
  })
  afterEach(() => t.dispose())

  async function pushImage(name: string, content = name): Promise<ReturnType<typeof byDigest>> {
    const layer = { digest: await pushBlob(t.registry, name, content.padEnd(100_000, '.')), size: 100_000 }
    const config = { digest: await pushBlob(t.registry, name, '{}'), size: 2 }
    return byDigest(await pushManifest(t.registry, name, byTag('v1'), manifestOf([layer], config)))
  }
  const pull = (name: string, reference = byTag('v1')) => code(t.registry.pull.manifest(anonymous, repository(name), reference))
  const bytesOf = async (name: string) => (await t.registry.pull.manifest(anonymous, repository(name), byTag('v1'))).bytes
  const idOf = async (name: string) => (await findProject(t.database, name))?.id ?? 0
  const left = async (table: string) => (await t.database.one(count(table)))?.count
  const newest = async () => (await t.database.all(trash)).at(-1)?.id ?? 0
  const remove = async (name: string) => await repositories.remove({ repository: name, project: await idOf(name.split('/', 1)[0] ?? ''), actor })
  /** Everything that is due is cleared and collected. */
  async function settle(): Promise<void> {
    while (await clearSome(t.database, t.clock));
    for (let pass = 0; pass < 3; pass++) {
      while ((await t.collector.collectDue(100)) > 0);
      t.clock.advance(60_001)
    }
  }
  const nothingLeft = async () => [await left('manifest'), await left('tag'), await left('link'), await left('trash'), await left('object'), await left('blob')]

  describe('of repositories', () => {
    test('has a deleted one, whose path is free at once', async () => {
      const digest = await pushImage('team/app')
      await remove('team/app')
      expect([await pull('team/app'), await pull('team/app', digest)]).toEqual(['NAME_UNKNOWN', 'NAME_UNKNOWN'])
      expect(await t.registry.lists.repositories(anonymous, { limit: undefined, last: undefined })).toEqual({ names: [], more: false })
      const row = { id: expect.any(Number) as number, kind: 'repository', path: 'team/app', purge_at: t.clock.now() + 7 * day, deleted_by: 'alice' }
      expect(await t.database.all(trash)).toEqual([row])
      await pushBlob(t.registry, 'team/app', 'another one')
      expect(await pull('team/app')).toBe('MANIFEST_UNKNOWN')
      expect(await pull('team/app', digest)).toBe('MANIFEST_UNKNOWN')
    })

    test('gives it back byte by byte, with its tags, long after its leases', async () => {
      await pushImage('team/web/app')
      const before = await bytesOf('team/web/app')
      await remove('team/web/app')
      t.clock.advance(6 * day)
      await settle()
      expect(await repositories.restore({ trash: await newest(), project: await idOf('team'), actor })).toBe('team/web/app')
      expect(await bytesOf('team/web/app')).toEqual(before)
      await settle()
      expect(await pull('team/web/app')).toBe('ok')
      expect(await left('trash')).toBe(0)
    })

    test('gives it back once, and not over another one', async () => {
      await pushImage('team/app', 'first')
      await remove('team/app')
      const [first, project] = [await newest(), await idOf('team')]
      await pushImage('team/app', 'second')
      const failure = await repositories.restore({ trash: first, project, actor }).catch((error: unknown) => error)
      expect(failure).toMatchObject({ code: 'REPOSITORY_EXISTS', status: 409, message: expect.stringContaining('team/app') as string })
      await remove('team/app')
      const results = await Promise.all([first, await newest(), first].map((number) => code(repositories.restore({ trash: number, project, actor }))))
      expect(results.filter((result) => result === 'ok')).toHaveLength(1)
      expect(await left('trash')).toBe(1)
      expect(await pull('team/app')).toBe('ok')
    })

    test('gives it back into the project as it is called now', async () => {
      await pushImage('team/app')
      await pushImage('team')
      await remove('team/app')
      await remove('team')
      const project = await idOf('team')
      await projects.rename({ id: project, name: 'crew', actor })
      for (const { id } of await t.database.all(trash)) await repositories.restore({ trash: id, project, actor })
      expect([await pull('crew/app'), await pull('crew')]).toEqual(['ok', 'ok'])
    })

    test('is closed to another project, to other kinds and to what is not there', async () => {
      await pushImage('team/app')
      await pushImage('other/app')
      await remove('team/app')
      const [number, other] = [await newest(), await idOf('other')]
      for (const change of [repositories.restore, repositories.purge, projects.restore, projects.purge]) {
        expect(await code(change({ trash: number, project: other, actor }))).toMatch(/UNKNOWN|unknown/)
        expect(await code(change({ trash: 1_000_000, project: await idOf('team'), actor }))).toMatch(/UNKNOWN|unknown/)
      }
      expect(await code(repositories.remove({ repository: 'team/app', project: await idOf('team'), actor }))).toBe('NAME_UNKNOWN')
      expect(await code(repositories.remove({ repository: 'other/app', project: await idOf('team'), actor }))).toBe('UNAVAILABLE')
    })

    test('is left alone in an archived project', async () => {
      await pushImage('team/app')
      await pushImage('team/old')
      await remove('team/old')
      const id = await idOf('team')
      await projects.change({ id, state: 'frozen', actor })
      expect(await code(remove('team/app'))).toBe('PROJECT_ARCHIVED')
      for (const change of [repositories.restore, repositories.purge]) {
        expect(await code(change({ trash: await newest(), project: id, actor }))).toBe('PROJECT_ARCHIVED')
      }
    })

    test('lets them go when it is asked to, down to the last byte', async () => {
      for (const name of ['team/app', 'other/app']) await pushImage(name)
      await remove('team/app')
      const [number, project] = [await newest(), await idOf('team')]
      await repositories.purge({ trash: number, project, actor })
      expect(await code(repositories.restore({ trash: number, project, actor }))).toBe('TRASH_UNKNOWN')
      await settle()
      expect(await pull('other/app')).toBe('ok')
      await remove('other/app')
      await repositories.purge({ trash: await newest(), project: await idOf('other'), actor })
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
      expect((await t.database.all(kinds)).map(({ kind }) => kind)).toContain('repository.cleared')
    })

    test('lets them go when their time has come, and not a moment earlier', async () => {
      await pushImage('team/app')
      await remove('team/app')
      t.clock.advance(7 * day - 1)
      expect(await clearSome(t.database, t.clock)).toBe(false)
      t.clock.advance(1)
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
    })

    test('keeps them while collection is held', async () => {
      await pushImage('team/app')
      await remove('team/app')
      t.clock.advance(7 * day)
      await t.database.transact(holdCollection, { name: 'rebuilt', until: t.clock.now() + 1_000, reason: 'the index was rebuilt' })
      await settle()
      expect(await left('manifest')).toBe(1)
      t.clock.advance(1_001)
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
    })

    test('has none of them without a retention', async () => {
      await pushImage('team/app')
      await createRepositories(t.database, 0).remove({ repository: 'team/app', project: await idOf('team'), actor })
      expect(await pull('team/app')).toBe('NAME_UNKNOWN')
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
    })
  })

  describe('of projects', () => {
    const remove = async (name: string) => await projects.remove({ id: await idOf(name), force: true, actor })

    test('keeps the name, and says until when', async () => {
      await pushImage('team/app')
      await remove('team')
      expect(await pull('team/app')).toBe('NAME_UNKNOWN')
      expect(await findProject(t.database, 'team')).toBeUndefined()
      const failure = (await projects.create({ name: 'team', visibility: 'private', actor }).catch((error: unknown) => error)) as Error
      expect(failure).toMatchObject({ code: 'in-trash' })
      expect(failure.message).toContain(`until ${new Date(t.clock.now() + 7 * day).toISOString()}: \`berth trash restore ${await newest()}\``)
      expect(await code(pushBlob(t.registry, 'team/app', 'x'))).toBe('NAME_UNKNOWN')
      expect(await clearSome(t.database, t.clock)).toBe(false)
    })

    test('gives back all of it', async () => {
      await projects.create({ name: 'team', visibility: 'internal', admin: { kind: 'account', id: 7 }, actor })
      const id = await idOf('team')
      await projects.rename({ id, name: 'crew', actor })
      await pushImage('crew/app')
      await t.database.transact(giveRights, id)
      const before = await bytesOf('crew/app')
      await projects.change({ id, state: 'frozen', actor })
      const project = await findProject(t.database, 'crew')
      await remove('crew')
      t.clock.advance(6 * day)
      await settle()
      expect(await projects.restore({ trash: await newest(), project: id, actor })).toBe('crew')
      expect(await findProject(t.database, 'team')).toEqual(project)
      expect(await bytesOf('crew/app')).toEqual(before)
      expect(await t.database.one(rights, id)).toEqual({ grants: 1, rules: 1, robots: 1 })
      expect(await left('trash')).toBe(0)
      expect(await code(projects.restore({ trash: 1, project: id, actor }))).toBe('unknown')
    })

    test('leaves a name that led to it to whoever takes it meanwhile', async () => {
      await projects.create({ name: 'team', visibility: 'private', actor })
      const id = await idOf('team')
      await projects.rename({ id, name: 'crew', actor })
      await remove('crew')
      await pushImage('team/app')
      expect(await idOf('team')).not.toBe(id)
      const second = await idOf('team')
      await projects.restore({ trash: await newest(), project: id, actor })
      expect([await idOf('team'), await idOf('crew')]).toEqual([second, id])
    })

    test('lets it go with all that was deleted in it before, and its name with it', async () => {
      await pushImage('team/app')
      await pushImage('team/old')
      await repositories.remove({ repository: 'team/old', project: await idOf('team'), actor })
      const [inner, project] = [await newest(), await idOf('team')]
      await t.database.transact(giveRights, project)
      await remove('team')
      expect(await code(repositories.restore({ trash: inner, project, actor }))).toBe('PROJECT_IN_TRASH')
      await projects.purge({ trash: await newest(), project, actor })
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
      expect(await code(projects.create({ name: 'team', visibility: 'private', actor }))).toBe('ok')
      expect(await t.database.one(rights, project)).toMatchObject({ robots: 0 })
    })

    test('has one in which nothing is left but trash, without force, and gives it back with its trash', async () => {
      const digest = await pushImage('team/app')
      const before = await bytesOf('team/app')
      const id = await idOf('team')
      const registry = t.another({ retention: 7 * day })
      expect(await code(projects.remove({ id, force: false, actor }))).toBe('not-empty')
      await registry.deletes.manifest(anonymous, repository('team/app'), byTag('v1'))
      expect(await code(projects.remove({ id, force: false, actor }))).toBe('not-empty')
      await registry.deletes.manifest(anonymous, repository('team/app'), digest)
      const inner = await newest()
      // Where there is no trash any more, what is left of it would be lost.
      expect(await code(createProjects(t.database, 0).remove({ id, force: false, actor }))).toBe('not-empty')
      expect(await code(projects.remove({ id, force: false, actor }))).toBe('ok')
      expect(await code(registry.trash.restore(anonymous, inner))).toBe('PROJECT_IN_TRASH')
      await projects.restore({ trash: await newest(), project: id, actor })
      await registry.trash.restore(anonymous, inner)
      expect((await t.registry.pull.manifest(anonymous, repository('team/app'), digest)).bytes).toEqual(before)
    })

    test('lets it go when its time has come', async () => {
      await pushImage('team/app')
      await remove('team')
      t.clock.advance(7 * day)
      await settle()
      expect(await nothingLeft()).toEqual([0, 0, 0, 0, 0, 0])
      expect(await code(projects.create({ name: 'team', visibility: 'private', actor }))).toBe('ok')
    })
  })
})
