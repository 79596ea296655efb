import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { createRandom } from '../rig/random.ts'
import { contentOf, emptyConfig, pushBlob, pushTagged, v2Cases } from './v2-cases.ts'
import { type Ask, type Credential, World } from './world.ts'

setDefaultTimeout(120_000)

// A new plan for each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same plan again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))
const manifestType = 'application/vnd.oci.image.manifest.v1+json'

let world: World
let project: string
let creator: Credential
beforeAll(async () => {
  world = await World.create()
  project = await world.project('private')
  const rights = [{ project, permissions: ['content.pull', 'content.push', 'tag.create'] }]
  const { login, secret } = await world.admin('POST', `/projects/${project}/robots`, { name: 'creator', rights })
  creator = { user: String(login), secret: String(secret) }
  await pushBlob(world, world.credentialOf('admin', ''), `${project}/app`, emptyConfig)
})
afterAll(() => world.dispose())

const at = (rest: string): string => `/v2/${project}/app/${rest}`
const admin = (): Credential => world.credentialOf('admin', '')
const statusOf = async (who: Credential, ask: Ask): Promise<number> => (await world.send(who, ask)).status

function manifest(): { readonly digest: string; readonly bytes: Uint8Array<ArrayBuffer> } {
  const config = { mediaType: 'application/vnd.oci.empty.v1+json', digest: emptyConfig.digest, size: 2 }
  return contentOf(new TextEncoder().encode(JSON.stringify({ schemaVersion: 2, mediaType: manifestType, config, layers: [], annotations: { n: crypto.randomUUID() } })))
}
const put = (reference: string, { bytes }: { readonly bytes: Uint8Array }, headers: Readonly<Record<string, string>> = {}): Ask => ({
  method: 'PUT',
  path: at(`manifests/${reference}`),
  body: bytes,
  headers: { 'content-type': manifestType, ...headers },
})
const digestAt = async (tag: string): Promise<string | null> => {
  const answer = await world.send(admin(), { method: 'HEAD', path: at(`manifests/${tag}`) })
  return answer.status === 200 ? answer.headers.get('docker-content-digest') : null
}

describe('whoever may create tags and move none', () => {
  test(`never changes one that is there, in whatever way it is named (seed ${seed})`, async () => {
    const random = createRandom(seed, 'tags')
    const there = await Promise.all(Array.from({ length: 4 }, () => pushTagged(world, `${project}/app`)))
    const scope = `repository:${project}/app:pull,push`
    const { token } = (await (await world.send(creator, { method: 'GET', path: `/token?scope=${scope}` })).json()) as { token: string }
    for (let round = 0; round < 120; round++) {
      const [old, body, fresh] = [random.pick(there), manifest(), world.fresh('made')]
      const ways: Ask[] = [
        put(old.tag, body),
        put(`${body.digest}?tag=${old.tag}`, body),
        put(`${body.digest}?tag=${fresh}&tag=${old.tag}`, body),
        put(`${body.digest}?tag=${old.tag}&tag=${fresh}`, body),
        put(`${body.digest}?tag=${old.tag}&tag=${old.tag}`, body),
        put(`${body.digest}?%74ag=${old.tag}`, body),
        put(old.tag, body, { 'if-match': `"${old.digest}"` }),
        put(`${body.digest}?tag=${old.tag}`, body, { 'if-match': `"${old.digest}"` }),
        { method: 'DELETE', path: at(`manifests/${old.tag}`) },
        { method: 'DELETE', path: at(`manifests/${old.digest}`) },
      ]
      const asked = random.pick(ways)
      const byToken = random.chance(0.5)
      const sent = byToken ? { ...asked, headers: { ...asked.headers, authorization: `Bearer ${token}` } } : asked
      expect([asked.path, await statusOf(byToken ? undefined : creator, sent)]).toBeOneOf([[asked.path, 403], [asked.path, 401]])
      expect([asked.path, await digestAt(old.tag), await digestAt(fresh)]).toEqual([asked.path, old.digest, null])
    }
    const [body, fresh] = [manifest(), world.fresh('made')]
    expect(await statusOf(creator, put(fresh, body))).toBe(201)
    // What stays where it is moves nothing.
    expect(await statusOf(creator, put(`${body.digest}?tag=${fresh}`, body))).toBe(201)
    expect(await digestAt(fresh)).toBe(body.digest)
  })
})

describe('a tag that a rule keeps for good', () => {
  test('survives everything that would move or remove it, asked for by anybody', async () => {
    const { id } = await world.admin('POST', `/projects/${project}/tag-rules`, { tags: 'kept-*', permissions: ['tag.move', 'tag.delete'], roles: [] })
    const [kept, other] = [manifest(), manifest()]
    expect(await statusOf(admin(), put('kept-1', kept))).toBe(201)
    const index = contentOf(
      new TextEncoder().encode(
        JSON.stringify({
          schemaVersion: 2,
          mediaType: 'application/vnd.oci.image.index.v1+json',
          manifests: [{ mediaType: manifestType, digest: kept.digest, size: kept.bytes.length }],
        }),
      ),
    )
    const putIndex = { ...put(index.digest, index), headers: { 'content-type': 'application/vnd.oci.image.index.v1+json' } }
    expect(await statusOf(admin(), putIndex)).toBe(201)
    for (const who of [admin(), world.credentialOf('projectAdmin', project), world.credentialOf('maintainer', project), world.credentialOf('wideRobot', project)]) {
      for (const ask of [
        put('kept-1', other),
        put(`${other.digest}?tag=kept-1`, other),
        put(`${other.digest}?tag=another&tag=kept-1`, other),
        { method: 'DELETE', path: at('manifests/kept-1') },
        { method: 'DELETE', path: at(`manifests/${kept.digest}`) },
      ]) {
        expect([ask.method, ask.path, await statusOf(who, ask)]).toEqual([ask.method, ask.path, 403])
        expect(await digestAt('kept-1')).toBe(kept.digest)
      }
    }
    expect(await digestAt('another')).toBeNull()
    // The index goes; what a tag names stays.
    expect(await statusOf(admin(), { method: 'DELETE', path: at(`manifests/${index.digest}`) })).toBe(202)
    expect(await digestAt('kept-1')).toBe(kept.digest)
    await world.admin('DELETE', `/projects/${project}/tag-rules/${String(id)}`)
    expect(await statusOf(admin(), put('kept-1', other))).toBe(201)
  })
})

test('an archived project takes nothing by any route, from anybody, and can be read', async () => {
  const archived = await world.project('private')
  const { tag } = await pushTagged(world, `${archived}/app`)
  const changing = v2Cases.filter(({ operation }) => /^(put|delete|start|append|finish|cancel)/.test(operation))
  expect(changing.length).toBeGreaterThanOrEqual(9)
  const prepared: [name: string, ask: Ask][] = []
  for (const { operation, name, ask } of changing) prepared.push([`${operation} ${name}`, await ask(world, `${archived}/app`, admin())])
  await world.admin('PATCH', `/projects/${archived}`, { state: 'frozen' })
  const before = world.rows()
  for (const who of [admin(), world.credentialOf('projectAdmin', archived), world.credentialOf('wideRobot', archived)]) {
    for (const [name, ask] of prepared) expect([name, await statusOf(who, ask)]).toBeOneOf([[name, 403], [name, 404], [name, 405]])
    expect(await statusOf(who, { method: 'GET', path: `/v2/${archived}/app/manifests/${tag}` })).toBe(200)
  }
  expect(world.rows()).toEqual(before)
  await world.admin('PATCH', `/projects/${archived}`, { state: 'live' })
  for (const [name, ask] of prepared) expect([name, await statusOf(admin(), ask)]).toBeOneOf([200, 201, 202, 204].map((status) => [name, status]))
})
