import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { poll } from '../rig/poll.ts'
import type { Credential } from './world.ts'
import { World } from './world.ts'

setDefaultTimeout(120_000)

/** Ways to more than was given, each tried on the whole server. */

let world: World
beforeAll(async () => {
  world = await World.create()
})
afterAll(() => world.dispose())

const api = async (who: Credential, method: string, path: string, body?: unknown, headers: Readonly<Record<string, string>> = {}) => {
  const answer = await world.send(who, { method, path: `/api/v1${path}`, body, headers })
  const text = await answer.text()
  return { status: answer.status, text, json: text === '' ? {} : (JSON.parse(text) as Record<string, unknown>) }
}

/** Somebody new who has chosen a password, with a role in the whole system where one is named. */
async function person(role?: string): Promise<{ readonly user: string; readonly secret: string }> {
  const user = world.fresh('person')
  const [first, secret] = [`first ${crypto.randomUUID()}`, `own ${crypto.randomUUID()}`]
  await world.admin('POST', '/accounts', { name: user, password: first })
  expect((await api({ user, secret: first }, 'PUT', '/whoami/password', { current: first, password: secret })).status).toBe(204)
  if (role !== undefined) await world.admin('POST', '/grants', { subject: { kind: 'account', name: user }, role })
  return { user, secret }
}

async function role(...permissions: string[]): Promise<string> {
  const name = world.fresh('role')
  await world.admin('POST', '/roles', { name, permissions })
  return name
}

async function bearerOf(who: Credential, scope: string): Promise<string> {
  const answer = await world.send(who, { method: 'GET', path: `/token?scope=${encodeURIComponent(scope)}` })
  return `Bearer ${((await answer.json()) as { token: string }).token}`
}

/** A body that ends when it is told to. `reading` settles once somebody waits for it. */
function slowBody(text: string) {
  const reading = Promise.withResolvers<void>()
  const rest = Promise.withResolvers<void>()
  const bytes = new TextEncoder().encode(text)
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>(
    {
      pull: async (to) => {
        reading.resolve()
        await rest.promise
        to.enqueue(bytes)
        to.close()
      },
    },
    { highWaterMark: 0 },
  )
  return { body, reading: reading.promise, end: () => rest.resolve() }
}

test('a token for the first push of one repository makes no project but that of this push', async () => {
  const who = await person(await role('project.create', 'content.push', 'repository.create', 'tag.create', 'content.pull'))
  const [named, another] = [world.fresh('named'), world.fresh('another')]
  const authorization = await bearerOf(who, `repository:${named}/app:pull,push`)
  expect((await api(undefined, 'POST', '/projects', { name: another, visibility: 'public' }, { authorization })).status).toBe(403)
  expect((await api(undefined, 'POST', '/projects', { name: named, visibility: 'public' }, { authorization })).status).toBe(403)
  const upload = async (path: string) => (await world.send(undefined, { method: 'POST', path: `/v2/${path}/blobs/uploads/`, headers: { authorization } })).status
  expect(await upload(`${another}/app`)).toBe(401)
  expect(await upload(`${named}/other`)).toBe(401)
  expect(await upload(`${named}/app`)).toBe(202)
})

test('whoever handed out a first password keeps nothing once its owner has chosen another', async () => {
  const [user, first, secret] = [world.fresh('person'), `first ${crypto.randomUUID()}`, `own ${crypto.randomUUID()}`]
  await world.admin('POST', '/accounts', { name: user, password: first })
  const made = await api({ user, secret: first }, 'POST', '/tokens', { name: 'for later' })
  expect([made.status, made.json['code']]).toEqual([403, 'password-change-required'])
  expect((await api({ user, secret: first }, 'PUT', '/whoami/password', { current: first, password: secret })).status).toBe(204)
  expect((await api({ user, secret }, 'GET', '/tokens')).json['items']).toEqual([])
})

test('who administers one project does not get the name that another one had before', async () => {
  const who = await person()
  const [old, present, mine] = [world.fresh('old'), world.fresh('present'), world.fresh('mine')]
  await world.admin('POST', '/projects', { name: old })
  await world.admin('POST', `/projects/${old}/rename`, { name: present })
  await world.admin('POST', '/projects', { name: mine })
  await world.admin('POST', `/projects/${mine}/grants`, { subject: { kind: 'account', name: who.user }, role: 'project-admin' })
  for (const name of [old, present, world.fresh('free')]) expect((await api(who, 'POST', `/projects/${mine}/rename`, { name })).status).toBe(403)
  await world.admin('POST', `/projects/${mine}/rename`, { name: old })
})

test('why somebody may not do something tells nothing of a project that is hidden, whatever is asked', async () => {
  const who = await person()
  const hidden = world.fresh('hidden')
  await world.admin('POST', '/projects', { name: hidden })
  await world.admin('POST', `/projects/${hidden}/tag-rules`, { tags: 'release-*', roles: [] })
  for (const action of ['pull', 'push', 'delete', 'content.pull', 'project.read', 'grant.write', 'account.read', 'project.create', 'system.write']) {
    for (const rest of ['', '&path=app', '&path=app&tag=release-1']) {
      const [there, absent] = [await api(who, 'GET', `/whoami/access/${hidden}?action=${action}${rest}`), await api(who, 'GET', `/whoami/access/nothing?action=${action}${rest}`)]
      expect([action, rest, there.text]).toEqual([action, rest, absent.text])
    }
  }
})

test('a token of an administrator is not made to last by setting the password of its owner', async () => {
  const who = await person('admin')
  const { json } = await api(who, 'POST', '/tokens', { name: 'found', kind: 'key' })
  const found = { user: who.user, secret: String(json['secret']) }
  expect((await api(found, 'GET', '/accounts')).status).toBe(200)
  expect((await api(found, 'PUT', `/accounts/${who.user}/password`, { password: `taken ${crypto.randomUUID()}` })).status).toBe(403)
  expect((await api(who, 'GET', '/whoami')).status).toBe(200)
})

test('a body that comes slowly does nothing to another project that has the name by its end', async () => {
  const who = await person()
  const name = world.fresh('tools')
  await world.admin('POST', '/projects', { name })
  await world.admin('POST', `/projects/${name}/grants`, { subject: { kind: 'account', name: who.user }, role: 'project-admin' })
  const slow = slowBody(JSON.stringify({ visibility: 'public' }))
  const asked = world.send(who, { method: 'PATCH', path: `/api/v1/projects/${name}`, body: slow.body, headers: { 'content-type': 'application/json' } })
  await slow.reading
  await world.admin('DELETE', `/projects/${name}`)
  await poll('the name of a project that was deleted', 30_000, async () => (await world.admin('POST', '/projects', { name }).catch(() => undefined)) && true)
  slow.end()
  expect((await asked).status).toBe(404)
  expect((await world.admin('GET', `/projects/${name}`))['visibility']).toBe('private')
})

test('a body that comes slowly does nothing once what it was sent with is taken back', async () => {
  const who = await person('admin')
  const { json } = await api(who, 'POST', '/tokens', { name: 'laptop' })
  const token = { user: who.user, secret: String(json['secret']) }
  const project = await world.project('private')
  const slow = slowBody(JSON.stringify({ name: world.fresh('late') }))
  const manifest = slowBody(JSON.stringify({ schemaVersion: 2, mediaType: 'application/vnd.oci.image.index.v1+json', manifests: [] }))
  const headers = { 'content-type': 'application/vnd.oci.image.index.v1+json' }
  const asked = [
    world.send(token, { method: 'POST', path: '/api/v1/accounts', body: slow.body, headers: { 'content-type': 'application/json' } }),
    world.send(token, { method: 'PUT', path: `/v2/${project}/app/manifests/late`, body: manifest.body, headers }),
  ]
  await Promise.all([slow.reading, manifest.reading])
  expect((await api(who, 'DELETE', `/tokens/${String(json['id'])}`)).status).toBe(204)
  slow.end()
  manifest.end()
  expect((await Promise.all(asked)).map(({ status }) => status)).toEqual([401, 401])
})

test('whoever may write accounts neither shuts an administrator out by an address nor opens the way to one', async () => {
  const helper = await person(await role('account.read', 'account.write', 'robot.read', 'robot.write'))
  const boss = await person('admin')
  const { id } = await world.admin('POST', `/accounts/${boss.user}/address-rules`, { networks: ['127.0.0.0/8'] })
  expect((await api(helper, 'POST', `/accounts/${boss.user}/address-rules`, { networks: ['192.0.2.1'] })).json['code']).toBe('wider')
  expect((await api(helper, 'DELETE', `/accounts/${boss.user}/address-rules/${String(id)}`)).json['code']).toBe('wider')
  await world.admin('PUT', `/accounts/${boss.user}/state`, { state: 'disabled' })
  expect((await api(helper, 'PUT', `/accounts/${boss.user}/state`, { state: 'active' })).json['code']).toBe('wider')
  const robot = world.fresh('robot')
  await world.admin('POST', '/robots', { name: robot, rights: [{ permissions: ['content.push'] }], expiresIn: 3600 })
  for (const change of [{ expiresIn: null }, { expiresIn: 1e6 }, { state: 'active' }]) expect((await api(helper, 'PATCH', `/robots/${robot}`, change)).json['code']).toBe('wider')
  expect((await api(helper, 'PATCH', `/robots/${robot}`, { state: 'disabled' })).status).toBe(200)
})

test('an allow-list of an account holds for what is its own as well', async () => {
  const who = await person()
  await world.admin('POST', `/accounts/${who.user}/address-rules`, { networks: ['192.0.2.0/24'] })
  expect((await api(who, 'POST', '/tokens', { name: 'from elsewhere' })).status).toBe(403)
  expect((await api(who, 'GET', '/tokens')).status).toBe(403)
  expect((await api(who, 'PUT', '/whoami/password', { current: who.secret, password: `taken ${crypto.randomUUID()}` })).status).toBe(403)
})

test('scopes by the thousand, or as long as they can be, get a token that is taken or a word of what is too much', async () => {
  const who = await person('admin')
  const project = await world.project('private')
  const ask = async (scopes: readonly string[]) => {
    const query = scopes.map((scope) => `scope=${encodeURIComponent(scope)}`).join('&')
    const get = await world.send(who, { method: 'GET', path: `/token?${query}` })
    if (get.status !== 200) return { status: get.status, text: await get.text() }
    const { token } = (await get.json()) as { token: string }
    const used = await world.send(undefined, { method: 'GET', path: `/v2/${project}/app/tags/list`, headers: { authorization: `Bearer ${token}` } })
    return { status: used.status, text: await used.text() }
  }
  const plain = `repository:${project}/app:pull`
  const many = (count: number, name: (at: number) => string) => [plain, ...Array.from({ length: count }, (_, at) => `repository:${name(at)}:pull,push`)]
  const long = (at: number) => `${project}/${'a'.repeat(200)}${at}`
  // The repository is not there: whoever may look is told so.
  expect((await ask(many(63, (at) => `${project}/r${at}`))).status).toBe(404)
  for (const scopes of [many(64, (at) => `${project}/r${at}`), many(2_000, (at) => `${project}/r${at}`), many(40, long)]) {
    const { status, text } = await ask(scopes)
    expect([status, text]).toEqual([400, expect.stringContaining('ask for less at a time')])
  }
  expect((await ask(many(12, long))).status).toBe(404)
  expect((await ask([Array.from({ length: 5_000 }, () => plain).join(' ').slice(0, 16_000)])).status).toBe(404)
})

test('a page elsewhere pushes nothing and gets no token with the login that a browser remembers', async () => {
  const who = await person('admin')
  const project = await world.project('private')
  for (const site of ['cross-site', 'same-site']) {
    const headers = { 'sec-fetch-site': site }
    const upload = { method: 'POST', path: `/v2/${project}/app/blobs/uploads/?mount=sha256:${'0'.repeat(64)}&from=elsewhere/app`, headers }
    expect((await world.send(who, upload)).status).toBe(403)
    expect((await world.send(who, { method: 'GET', path: '/token?offline_token=true', headers })).status).toBe(403)
  }
  expect((await world.send(who, { method: 'GET', path: '/token', headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(200)
  // To plain HTTP a browser does not say where an image was asked for, so that nothing may come of it but an answer.
  const refreshed = async (agent: string) => {
    const answer = await world.send(who, { method: 'GET', path: '/token?offline_token=true', headers: { 'user-agent': agent } })
    return 'refresh_token' in ((await answer.json()) as object)
  }
  expect(await refreshed('docker/27.5.1 go/go1.22.11 UpstreamClient(Docker-Client/27.5.1 \\(linux\\))')).toBe(true)
  expect(await refreshed('Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0')).toBe(false)
})

test('a role that tag rules leave tags to is given by those alone who may change the rules', async () => {
  const [lead, release] = [await role('grant.read', 'grant.write', 'project.read', 'content.pull', 'content.push', 'tag.create', 'tag.move', 'repository.create'), await role('content.push', 'tag.create', 'tag.move')]
  const [who, friend] = [await person(), await person()]
  const project = world.fresh('ruled')
  await world.admin('POST', '/projects', { name: project })
  await world.admin('POST', `/projects/${project}/grants`, { subject: { kind: 'account', name: who.user }, role: lead })
  const give = (to: string) => api(who, 'POST', `/projects/${project}/grants`, { subject: { kind: 'account', name: to }, role: release })
  expect((await give(friend.user)).status).toBe(201)
  await world.admin('POST', `/projects/${project}/tag-rules`, { tags: 'release-*', roles: [release] })
  expect((await give(who.user)).json['code']).toBe('wider')
})

test('whoever may ask why in one project hears nothing of the robots of another', async () => {
  const who = await person()
  const [mine, hidden] = [world.fresh('mine'), world.fresh('hidden')]
  for (const name of [mine, hidden]) await world.admin('POST', '/projects', { name })
  for (const name of [mine, hidden]) await world.admin('POST', `/projects/${name}/robots`, { name: 'ci', rights: [{ project: name, permissions: ['content.pull'] }] })
  await world.admin('POST', `/projects/${mine}/grants`, { subject: { kind: 'account', name: who.user }, role: 'project-admin' })
  const ask = async (robot: string) => await api(who, 'GET', `/projects/${mine}/access?action=pull&path=app&who=${encodeURIComponent(robot)}`)
  expect((await ask(`${mine}+robot$ci`)).status).toBe(200)
  const answers = [await ask(`${hidden}+robot$ci`), await ask(`${hidden}+robot$none`), await ask('nothing+robot$ci')]
  expect(answers.map(({ status, json }) => [status, json['errors']])).toEqual(Array(3).fill([422, [{ at: 'who', message: 'there is nobody of that name' }]]))
})

test('a bearer token ends with the secret that it was got with, also when that was given a last moment by a rotation', async () => {
  const project = await world.project('private')
  const { login, secret } = await world.admin('POST', `/projects/${project}/robots`, { name: 'ci', rights: [{ project, permissions: ['content.pull'] }] })
  const authorization = await bearerOf({ user: String(login), secret: String(secret) }, `repository:${project}/app:pull`)
  const status = async () => (await world.send(undefined, { method: 'GET', path: `/v2/${project}/app/tags/list`, headers: { authorization } })).status
  expect(await status()).toBe(404)
  await world.admin('POST', `/projects/${project}/robots/ci/rotate`, { overlap: 2 })
  expect(await status()).toBe(404)
  await poll('the end of a bearer token with its secret', 30_000, async () => (await status()) === 401 || undefined)
})
