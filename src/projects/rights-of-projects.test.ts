import { afterEach, beforeEach, expect, test } from 'bun:test'
import { createAuthorize, createRights, createRightsVersion, type Principal, type Rights } from '../access/index.ts'
import { forEachDatabase } from '../database/for-each-database.testing.ts'
import { transaction, type Database, type Tx } from '../database/index.ts'
import { systemIds, type ManualClock } from '../lib/index.ts'
import { bumpRights } from '../record/index.ts'
import { allowAll, createRegistry, type Actor, type Registry, type RegistryDeps } from '../registry/index.ts'
import { byTag, createTestRegistry, manifestOf, pushBlob, repository, settings } from '../registry/test-registry.testing.ts'
import { createAliases } from './aliases.ts'
import { createEnsureRepository } from './ensure-repository.ts'
import { findProject } from './find-project.testing.ts'
import { createProjects, type Projects } from './projects.ts'
import { createRepositoryPage } from './repository-page.ts'
import { resolvingRegistry } from './resolving-registry.ts'

const by = { identity: 'root', address: '' }
const insertGrant = `
  insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at) values ($1, $2, 0, 'account', $3, $4, 0)`
const grantRole = transaction('grant role', async (tx: Tx, grant: { project: number | undefined; prefix: string; id: number; role: string }) => {
  await tx.run({ name: 'test-grant', sqlite: insertGrant.replaceAll('$', '?'), postgres: insertGrant }, grant.project ?? null, grant.prefix, grant.id, grant.role)
  await bumpRights(tx)
  return { ok: null }
})
const code = (result: unknown) => Promise.resolve(result).then(() => 'ok', (error: { code: string }) => error.code)

forEachDatabase('under access control', (kind) => {
  let database: Database
  let dispose: () => Promise<void>
  let clock: ManualClock
  let parts: Omit<RegistryDeps, 'authorize'>
  /** Everything is allowed in it. */
  let open: Registry
  let projects: Projects
  let rights: Rights
  let registry: Registry
  let alice: Actor
  let bob: Actor
  let root: Actor
  beforeEach(async () => {
    const test = await createTestRegistry(kind, allowAll, [grantRole])
    ;({ database, dispose, clock, registry: open } = test)
    parts = { ...test, ids: systemIds, settings, contentCache: 1024 }
    projects = noticed(createProjects(database, 0))
    const version = createRightsVersion(database, clock)
    rights = createRights({ database, version })
    const core = createRegistry({
      ...parts,
      authorize: createAuthorize(rights),
      ensureRepository: createEnsureRepository(rights),
      repositoryPage: createRepositoryPage({ database, rights }),
    })
    registry = resolvingRegistry(core, createAliases(database, version))
    ;[alice, bob, root] = [person('alice', 1), person('bob', 2), person('root', 3)]
    await grant(root, undefined, 'admin')
  })
  afterEach(() => dispose())

  /** On PostgreSQL the version is asked for once a second. */
  function noticed(made: Projects): Projects {
    const calls = Object.entries(made).map(([name, call]: [string, (...args: never[]) => Promise<unknown>]) => {
      const then = async (...args: never[]): Promise<unknown> => {
        const result = await call(...args)
        clock.advance(1_001)
        return result
      }
      return [name, then]
    })
    return Object.fromEntries(calls) as unknown as Projects
  }
  function person(name: string, id: number): Actor {
    const principal: Principal = { kind: 'account', id, name, version: 1, groups: [], project: undefined, ceilings: [], mustChange: false }
    return { identity: name, credential: 'password', address: '127.0.0.1', principal }
  }
  async function grant(who: Actor, project: number | undefined, role: string, prefix = ''): Promise<void> {
    await database.transact(grantRole, { project, prefix, id: (who.principal as Principal).id, role })
    clock.advance(1_001)
  }
  const create = (name: string, visibility: 'public' | 'internal' | 'private' = 'private') => projects.create({ name, visibility, actor: by })
  const push = (who: Actor, name: string, content = 'x') => {
    const bytes = new TextEncoder().encode(content)
    return code(pushBlobAs(who, name, bytes))
  }
  async function pushBlobAs(who: Actor, name: string, bytes: Uint8Array) {
    const digest = `sha256:${new Bun.CryptoHasher('sha256').update(bytes).digest('hex')}` as never
    const body = { stream: new Response(bytes as Uint8Array<ArrayBuffer>).body, length: bytes.length, range: undefined }
    await registry.uploads.pushWhole(who, repository(name), digest, body)
    return digest as string
  }
  const catalog = async (who: Actor, limit?: number, last?: string) => (await registry.lists.repositories(who, { limit, last })).names
  const pull = (who: Actor, name: string) => code(registry.pull.manifest(who, repository(name), byTag('v1')))

  test('a first push makes a project for whoever may, and what it may do there is decided anew', async () => {
    expect(await push(alice, 'team/app')).toBe('DENIED')
    expect(await findProject(database, 'team')).toBeUndefined()
    expect(await push(root, 'team/app', 'y'.repeat(100_000))).toBe('ok')
    expect(await findProject(database, 'team')).toMatchObject({ visibility: 'private' })
    expect(await catalog(root)).toEqual(['team/app'])
    expect(await catalog(alice)).toEqual([])
  })

  test('several layers of a first push may come at once', async () => {
    const pushes = Array.from({ length: 6 }, (_, n) => push(root, `team/app-${n % 2}`, String(n).repeat(40_000)))
    expect(new Set(await Promise.all(pushes))).toEqual(new Set(['ok']))
  })

  test('a repository is made in a project by whoever may, and only there', async () => {
    const { id } = await create('team')
    await grant(alice, id, 'developer', 'web/')
    expect(await push(alice, 'team/web/app')).toBe('ok')
    expect(await push(alice, 'team/other')).toBe('DENIED')
    expect(await push(bob, 'team/web/app')).toBe('DENIED')
    expect(await catalog(alice)).toEqual(['team/web/app'])
  })

  test('a name that no project can have is not made by a push', async () => {
    expect(await push(root, 'te__am/app')).toBe('DENIED')
    expect(await push(root, `${'x'.repeat(65)}/app`)).toBe('DENIED')
  })

  test('the catalog shows each what it may see, and a page is cut from that', async () => {
    const [team, shown, inner] = [await create('team'), await create('open', 'public'), await create('inner', 'internal')]
    for (const name of ['team/a', 'team/b', 'team/web/c', 'open/a', 'inner/a']) await pushBlob(open, name, 'x')
    const nobody: Actor = { identity: undefined, credential: undefined, address: '127.0.0.1' }
    expect(await catalog(nobody)).toEqual(['open/a'])
    expect(await catalog(bob)).toEqual(['inner/a', 'open/a'])
    await grant(alice, team.id, 'guest', 'web/')
    expect(await catalog(alice)).toEqual(['inner/a', 'open/a', 'team/web/c'])
    expect(await catalog(alice, 2)).toEqual(['inner/a', 'open/a'])
    expect(await catalog(alice, 2, 'open/a')).toEqual(['team/web/c'])
    expect(await catalog(root)).toEqual(['inner/a', 'open/a', 'team/a', 'team/b', 'team/web/c'])
    await projects.remove({ id: shown.id, force: true, actor: by })
    await projects.rename({ id: inner.id, name: 'within', actor: by })
    await projects.change({ id: inner.id, visibility: 'private', actor: by })
    expect(await catalog(bob)).toEqual([])
    expect(await catalog(root)).toEqual(['team/a', 'team/b', 'team/web/c', 'within/a'])
  })

  test('an alias allows what its project allows, and nothing more', async () => {
    const { id } = await create('team')
    await grant(alice, id, 'developer')
    const config = { digest: (await pushBlobAs(alice, 'team/app', new TextEncoder().encode('{}'))) as never, size: 2 }
    const bytes = new TextEncoder().encode(JSON.stringify(manifestOf([], config)))
    await registry.push.manifest(alice, repository('team/app'), byTag('v1'), { contentType: undefined, bytes, tags: [] })
    await projects.rename({ id, name: 'crew', actor: by })
    for (const name of ['team/app', 'crew/app']) expect([name, await pull(alice, name), await pull(bob, name)]).toEqual([name, 'ok', 'DENIED'])
    expect(await push(bob, 'team/new')).toBe('DENIED')
    expect(await push(alice, 'team/new')).toBe('ok')
    expect(await catalog(alice)).toEqual(['crew/app', 'crew/new'])
    // Another project takes the name: what was granted in the first one counts for nothing there.
    await projects.create({ name: 'team', visibility: 'private', admin: { kind: 'account', id: (bob.principal as Principal).id }, actor: by })
    expect([await pull(alice, 'team/app'), await push(alice, 'team/app'), await push(bob, 'team/app')]).toEqual(['DENIED', 'DENIED', 'ok'])
  })

  test('grants of a deleted project do not come back with its name', async () => {
    const { id } = await create('team')
    await grant(alice, id, 'project-admin')
    expect(await push(alice, 'team/app')).toBe('ok')
    await projects.remove({ id, force: true, actor: by })
    expect(await push(alice, 'team/app')).toBe('DENIED')
    await create('team')
    expect([await push(alice, 'team/app'), await pull(alice, 'team/app'), await push(root, 'team/app')]).toEqual(['DENIED', 'DENIED', 'ok'])
    expect(await catalog(alice)).toEqual([])
  })

  test('what was decided about one project is true of no other that took its name meanwhile', async () => {
    const first = await create('team')
    await grant(alice, first.id, 'project-admin')
    const authorize = createAuthorize(rights)
    const question = { actor: alice, namespace: 'team', repository: repository('team/app') }
    const [pulls, pushes, deletes] = [
      await authorize({ ...question, action: 'pull' }),
      await authorize({ ...question, action: 'push' }),
      await authorize({ ...question, action: 'delete' }),
    ]
    const may = await createEnsureRepository(rights)(alice, question.repository)
    await projects.remove({ id: first.id, force: true, actor: by })
    await create('team')
    const layer = await pushBlob(open, 'team/app', 'x')
    const config = { digest: await pushBlob(open, 'team/app', '{}'), size: 2 }
    const bytes = new TextEncoder().encode(JSON.stringify(manifestOf([], config)))
    const upload = { contentType: undefined, bytes, tags: [] }
    const keeping = createRegistry({ ...parts, settings: { ...settings, retention: 1_000 }, authorize: allowAll })
    await open.push.manifest(root, question.repository, byTag('v0'), upload)
    await keeping.deletes.manifest(root, question.repository, byTag('v0'))
    const { entries: [deleted] } = await keeping.trash.list(root, { project: 'team' }, { limit: 1, last: undefined })
    const { digest } = await open.push.manifest(root, question.repository, byTag('v1'), upload)
    const decided = { pull: pulls, push: pushes, delete: deletes, restore: deletes, purge: deletes, list: pulls }
    const late = createRegistry({ ...parts, authorize: ({ action }) => decided[action], ensureRepository: () => may })
    const [at, page] = [question.repository, { limit: undefined, last: undefined }]
    const calls: Record<string, () => unknown> = {
      manifest: () => late.pull.manifest(alice, at, byTag('v1')),
      statManifest: () => late.pull.statManifest(alice, at, byTag('v1')),
      blob: () => late.pull.blob(alice, at, layer),
      statBlob: () => late.pull.statBlob(alice, at, layer),
      tags: () => late.lists.tags(alice, at, page),
      referrers: () => late.lists.referrers(alice, at, digest, { ...page, artifactType: undefined }),
      push: () => late.push.manifest(alice, at, byTag('v2'), upload),
      deleteTag: () => late.deletes.manifest(alice, at, byTag('v1')),
      deleteManifest: () => late.deletes.manifest(alice, at, { kind: 'digest', digest }),
      deleteBlob: () => late.deletes.blob(alice, at, layer),
      trash: () => late.trash.list(alice, { project: 'team', repository: at }, { limit: 1, last: undefined }),
      restore: () => late.trash.restore(alice, deleted?.id ?? 0),
      purge: () => late.trash.purge(alice, deleted?.id ?? 0),
      upload: () => late.uploads.pushWhole(alice, at, layer, { stream: new Response('x').body, length: 1, range: undefined }),
    }
    const answers = await Promise.all(Object.entries(calls).map(async ([name, call]) => [name, await code(call())]))
    expect(Object.fromEntries(answers)).toEqual(Object.fromEntries(Object.keys(calls).map((name) => [name, 'UNAVAILABLE'])))
    // A mount tells nothing of why it came to nothing.
    const elsewhere = createRegistry({ ...parts, authorize: ({ action }) => (action === 'pull' ? pulls : { allowed: true, rule: '' }) })
    expect(await elsewhere.uploads.mount(alice, repository('other/app'), layer, at)).toBe(false)
    expect(await code(open.pull.manifest(root, at, byTag('v1')))).toBe('ok')
  })
})
