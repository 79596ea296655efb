import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { createManagementWorld, rootPassword } from '../../management.testing.ts'
import { parseRepositoryName, parseTag } from '../../oci/index.ts'

const password = 'plum-Canoe 78 riddle'
const admin = `admin:${password}`
const manifest = (n: number) => new TextEncoder().encode(`{"schemaVersion":2,"manifests":[],"annotations":{"n":"${n}"}}`)

forEachDatabase('the routes of tags', (kind) => {
  let t: Awaited<ReturnType<typeof createManagementWorld>>
  beforeEach(async () => {
    t = await createManagementWorld(kind)
    await t.send(`admin:${rootPassword}`, 'PUT', '/whoami/password', { current: rootPassword, password })
    await t.send(admin, 'POST', '/projects', { name: 'team', visibility: 'public' })
  })
  afterEach(() => t.dispose())

  const send = async (method: string, path: string, body?: unknown, headers?: Record<string, string>) => await t.send(admin, method, `/projects/team${path}`, body, headers)
  const put = async (tag: string, n: number) => await t.push(tag, manifest(n))
  const revert = async (body: unknown, headers?: Record<string, string>) => await send('POST', '/tag-revert?path=app&tag=v1', body, headers)

  test('list, show, tell the history and revert, under the old name of a project as well', async () => {
    const [a, b] = [await put('v1', 1), await put('v1', 2)]
    await put('v1.10', 3)
    await put('v1.9', 4)
    const listed = (await send('GET', '/tags?path=app&order=version&direction=desc&limit=2')).json
    expect(listed.items.map(({ name }: { name: string }) => name)).toEqual(['v1.10', 'v1.9'])
    const rest = (await send('GET', `/tags?path=app&order=version&direction=desc&limit=2&cursor=${listed.next}`)).json
    expect(rest.items).toMatchObject([{ name: 'v1', digest: b, size: manifest(2).length, pushedBy: 'admin' }])
    const { items: moves } = (await send('GET', '/tag-history?path=app&tag=v1')).json
    expect(moves).toMatchObject([{ by: 'admin', from: a, to: b }, { by: 'admin', to: a }])
    expect((await send('GET', `/tag?path=app&tag=v1&at=${moves[1].at}`)).json).toEqual({ name: 'v1', digest: a, pushedAt: moves[1].at, pushedBy: 'admin', manifest: 'here' })
    await send('POST', '/rename', { name: 'crew' })
    expect(await revert({ to: a, expected: b })).toMatchObject({ status: 200, json: { name: 'v1', digest: a } })
    expect((await send('GET', '/tag?path=app&tag=v1')).json).toMatchObject({ name: 'v1', digest: a, manifest: 'here' })
    expect(await revert({ to: moves[0].at })).toMatchObject({ status: 200, json: { digest: b } })
    expect((await send('GET', '/tag-history?path=app&tag=v1')).json.items).toHaveLength(4)
  })

  test('change a tag only where it is what the request expects', async () => {
    const [a, b] = [await put('v1', 1), await put('v1', 2)]
    const seen = await send('GET', '/tag?path=app&tag=v1')
    const etag = seen.headers.get('etag') ?? ''
    for (const body of [{ to: a, expected: a }, { to: a, expected: null }]) expect((await revert(body)).status).toBe(412)
    expect((await revert({ to: a }, { 'if-match': '"another"' })).status).toBe(412)
    // It moves between the comparison and the transaction.
    t.meanwhile.set('revert tag', async () => void (await put('v1', 3)))
    expect((await revert({ to: a }, { 'if-match': etag })).status).toBe(412)
    await put('v1', 2)
    const now = (await send('GET', '/tag?path=app&tag=v1')).headers.get('etag') ?? ''
    expect((await revert({ to: a, expected: a }, { 'if-match': now })).status).toBe(412)
    expect((await send('GET', '/tag?path=app&tag=v1')).json.digest).toBe(b)
    expect((await revert({ to: a }, { 'if-match': now })).status).toBe(200)
    await t.open.deletes.manifest({ identity: undefined, credential: undefined, address: '' }, parseRepositoryName('team/app'), { kind: 'tag', tag: parseTag('v1') })
    expect((await revert({ to: a }, { 'if-match': now })).status).toBe(412)
    expect((await revert({ to: a, expected: null })).status).toBe(200)
  })

  test('refuse what cannot be, with the place and the reason, and change nothing', async () => {
    await put('v1', 1)
    const gone = `sha256:${'0'.repeat(64)}`
    for (const [body, status, code, at] of [
      [{ to: gone }, 409, 'manifest-gone', '/to'],
      [{ to: '2001-01-01T00:00:00Z' }, 409, 'tag-unknown-then', '/to'],
      [{ to: 'yesterday' }, 400, 'malformed', '/to'],
      [{ to: '2026-02-31T00:00:00Z' }, 400, 'malformed', '/to'],
      [{ to: gone, expected: 'sha256:1' }, 400, 'malformed', '/expected'],
      [{ to: gone, force: true }, 400, 'malformed', '/force'],
    ] as const) {
      const { status: answered, json } = await revert(body)
      expect([answered, json.code, json.errors?.[0]?.at]).toEqual([status, code, at])
    }
    for (const [path, status] of [
      ['/tags?path=app&order=color', 400], ['/tags?path=app&cursor=MVsxXQ', 400], ['/tags?path=app&order=size&cursor=MVsiYSJd', 400], ['/tags', 400],
      ['/tags?path=..', 400], ['/tags?path=nothing', 404], ['/tag?path=app&tag=v2', 404], ['/tag?path=app&tag=a/b', 400],
      ['/tag?path=app&tag=v1&at=2001-01-01T00:00:00Z', 404], ['/tag?path=app&tag=v1&at=now', 400], ['/tag-history?path=app&tag=v2', 404],
      ['/tag-history?path=app&tag=v1&cursor=MVsxXQ', 400],
    ] as const) {
      expect([path, (await send('GET', path)).status]).toEqual([path, status])
    }
    expect((await send('GET', '/tag-history?path=app&tag=v1')).json.items).toHaveLength(1)
  })

  test('tell strangers what a tag was, and nobody\'s name', async () => {
    await put('v1', 1)
    for (const path of ['/tags?path=app', '/tag?path=app&tag=v1', '/tag-history?path=app&tag=v1', `/tag?path=app&tag=v1&at=2100-01-01T00:00:00Z`]) {
      const { status, text } = await t.send('', 'GET', `/projects/team${path}`)
      expect([path, status, text.includes('admin'), text.includes('sha256:')]).toEqual([path, 200, false, true])
    }
    expect((await t.send('', 'POST', '/projects/team/tag-revert?path=app&tag=v1', { to: '2100-01-01T00:00:00Z' })).status).toBe(401)
  })
})
