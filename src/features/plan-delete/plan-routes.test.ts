import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { byTag, manifestOf, pushBlob, pushManifest } from '../../registry/test-registry.testing.ts'

forEachDatabase('the route of plans', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  const admin = 'admin:plum-Canoe 78 riddle'
  const mia = 'mia:better words of mia'
  let digest: string
  beforeEach(async () => {
    t = await createManagementWorld(kind, 86_400_000)
    await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password: 'plum-Canoe 78 riddle' })
    await t.send(admin, 'POST', '/projects', { name: 'team' })
    await t.send(admin, 'POST', '/accounts', { name: 'mia', password: 'first words of mia' })
    await t.send('mia:first words of mia', 'PUT', '/whoami/password', { current: 'first words of mia', password: 'better words of mia' })
    const config = { digest: await pushBlob(t.open, 'team/web/app', '{}'), size: 2 }
    digest = await pushManifest(t.open, 'team/web/app', byTag('1.4'), manifestOf([], config))
  })
  afterEach(() => t.dispose())

  const ask = async (who: string, body: object = {}, path = 'web/app', project = 'team') =>
    await t.send(who, 'POST', `/projects/${project}/delete-plan?path=${encodeURIComponent(path)}`, body)
  const grant = async (role: string, pattern = '*') =>
    expect((await t.send(admin, 'POST', '/projects/team/grants', { subject: { kind: 'account', name: 'mia' }, role, pattern })).status).toBe(201)

  test('answers whoever may delete there, and nobody else', async () => {
    expect((await ask(mia)).status).toBe(404)
    await grant('maintainer', 'web/*')
    expect((await ask(mia)).status).toBe(200)
    expect((await ask(mia, {}, 'other')).status).toBe(404)
    expect((await ask(mia, {}, '')).status).toBe(404)
    expect((await ask('', {})).status).toBe(401)
  })

  test('tells clusters and what others hold to whoever may see the whole system', async () => {
    await grant('maintainer')
    await t.send(admin, 'POST', '/inventory', { cluster: 'prod', digests: [digest] })
    const told = (await ask(admin, { tag: '1.4' })).json
    expect(told).toMatchObject({ kind: 'tag', repository: 'team/web/app', tag: '1.4', digest, running: { count: 1, first: [{ cluster: 'prod' }] } })
    const { running } = (await ask(mia, { tag: '1.4' })).json
    expect(running).toEqual({ count: 1, complete: true, lastSeenAt: told.running.lastSeenAt })
    expect((await ask(admin, { digest })).json.frees).toMatchObject({ blobs: 2, exact: true })
    expect((await ask(mia, { digest })).json).toMatchObject({ frees: { blobs: 2, exact: false }, after: { trash: 86_400, lease: 3600, drain: 60, total: 90_060 } })
  })

  test('finds a project by the name that it had', async () => {
    await t.send(admin, 'POST', '/projects/team/rename', { name: 'crew' })
    expect((await ask(admin, { tag: '1.4' })).json).toMatchObject({ repository: 'crew/web/app', tag: '1.4' })
  })

  test('refuses what names nothing, or too much', async () => {
    for (const [body, status] of [
      [{ tag: '1.5' }, 404],
      [{ digest: `sha256:${'0'.repeat(64)}` }, 404],
      [{ digest: 'latest' }, 400],
      [{ tag: '1.4', digest }, 400],
      [{ tag: 'x'.repeat(129) }, 400],
      [{ everything: true }, 400],
    ] as const) {
      expect((await ask(admin, body)).status).toBe(status)
    }
    expect((await ask(admin, {}, 'none')).status).toBe(404)
    expect((await ask(admin, {}, 'No Name')).status).toBe(400)
  })
})
