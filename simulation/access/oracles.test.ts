import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { contentOf, emptyConfig, pushBlob, pushTagged } from './v2-cases.ts'
import { type Ask, World } from './world.ts'

setDefaultTimeout(120_000)

/** Whether anything at all tells what is hidden from what is not there: each answer is compared, byte for byte, but for the names asked for. */

let world: World
let part: string
let manifest: { readonly digest: string; readonly tag: string }
const blob = contentOf(crypto.getRandomValues(new Uint8Array(40_000)))
/** Names that lead to a project which is hidden, by what it is. */
const hidden = new Map<string, string>()
/** What is sent along, by who sends it. */
const callers = new Map<string, Readonly<Record<string, string>>>()

const basic = (user: string, secret: string): string => `Basic ${btoa(`${user}:${secret}`)}`

async function bearer(authorization: string | undefined, scope: string): Promise<string> {
  const answer = await world.send(undefined, { method: 'GET', path: `/token?scope=${scope}`, headers: authorization === undefined ? {} : { authorization } })
  return `Bearer ${((await answer.json()) as { token: string }).token}`
}

async function filled(what: string): Promise<string> {
  const name = await world.project('private', world.fresh(what))
  await pushBlob(world, world.credentialOf('admin', ''), `${name}/app`, blob)
  await pushBlob(world, world.credentialOf('admin', ''), `${name}/app`, emptyConfig)
  manifest = await pushTagged(world, `${name}/app`)
  return name
}

beforeAll(async () => {
  world = await World.create('7d')
  hidden.set('live', await filled('live'))
  const archived = await filled('archived')
  await world.admin('PATCH', `/projects/${archived}`, { state: 'frozen' })
  hidden.set('archived', archived)
  const old = await filled('old')
  await world.admin('POST', `/projects/${old}/rename`, { name: `${world.fresh('much-longer-than-the-name-before')}` })
  hidden.set('renamed', old)
  const near = await filled('near')
  await world.admin('POST', `/projects/${near}/address-rules`, { networks: ['192.0.2.0/24'] })
  hidden.set('for some addresses', near)
  const trashed = await filled('trashed')
  await world.admin('DELETE', `/projects/${trashed}?force=true`)
  hidden.set('in the trash', trashed)
  part = await filled('part')
  await world.admin('POST', `/projects/${part}/grants`, { subject: { kind: 'account', name: 'other' }, role: 'maintainer', pattern: 'web/*' })
  const { user, secret } = world.credentialOf('other', '') ?? { user: '', secret: '' }
  callers.set('nobody', {})
  callers.set('another', { authorization: basic(user, secret) })
  callers.set('another with a token', { authorization: await bearer(basic(user, secret), 'repository:elsewhere/app:pull,push') })
  callers.set('nobody with a token', { authorization: await bearer(undefined, `repository:${hidden.get('live')}/app:pull`) })
  callers.set('a robot', { authorization: basic(world.credentialOf('wideRobot', part)?.user ?? '', world.credentialOf('wideRobot', part)?.secret ?? '') })
})
afterAll(() => world.dispose())

const nothing = `sha256:${'0'.repeat(64)}`
const noUpload = '00000000-0000-4000-8000-000000000000.abcdefgh.aaaaaaaaaaaaaaaaaaaaaa'
const manifestType = { 'content-type': 'application/vnd.oci.image.manifest.v1+json' }

/** Everything that can be asked of a repository: `R` stands for it. */
function questions(): Ask[] {
  const reads = [
    `R/manifests/${manifest.tag}`,
    `R/manifests/${manifest.digest}`,
    'R/manifests/no%20tag',
    `R/blobs/${blob.digest}`,
    'R/tags/list',
    'R/tags/list?n=1&last=a',
    'R/tags/list?n=x',
    `R/referrers/${manifest.digest}`,
    `R/blobs/uploads/${noUpload}`,
    `R/manifests/${'x'.repeat(129)}`,
  ]
  const conditions = [{}, { 'if-none-match': `"${manifest.digest}"` }, { 'if-none-match': '*' }, { range: 'bytes=0-3' }, { range: 'bytes=99999999-' }, { 'if-match': '*' }]
  const asked: Ask[] = reads.flatMap((path) => ['GET', 'HEAD', 'OPTIONS', 'PATCH', 'POST', 'DELETE'].flatMap((method) => conditions.map((headers) => ({ method, path, headers }))))
  for (const rest of ['', `?mount=${blob.digest}`, `?mount=${blob.digest}&from=elsewhere/app`, `?digest=${blob.digest}`]) asked.push({ method: 'POST', path: `R/blobs/uploads/${rest}` })
  asked.push({ method: 'POST', path: `E/blobs/uploads/?mount=${blob.digest}&from=R` })
  for (const headers of [manifestType, { ...manifestType, 'if-none-match': '*' }, { ...manifestType, 'if-match': `"${manifest.digest}"` }]) {
    asked.push({ method: 'PUT', path: 'R/manifests/new', headers, body: '{}' }, { method: 'PUT', path: `R/manifests/${nothing}`, headers, body: '{}' })
  }
  asked.push({ method: 'PUT', path: `R/blobs/uploads/${noUpload}?digest=${blob.digest}`, body: 'x' }, { method: 'PATCH', path: `R/blobs/uploads/${noUpload}`, body: 'x' })
  const long = `R/${'x'.repeat(230)}/manifests/v1`
  for (const method of ['GET', 'DELETE']) asked.push({ method, path: long })
  return asked
}

/** All of an answer but what names the request itself, with the names that were asked for taken out. */
async function shown(ask: Ask, headers: Readonly<Record<string, string>>, project: string, repository: string): Promise<string> {
  const path = `/v2/${ask.path.replace('E/', 'elsewhere/app/').replace('R', `${project}/${repository}`)}`
  const answer = await world.send(undefined, { ...ask, path, headers: { ...ask.headers, ...headers } })
  const left = [...answer.headers].filter(([name]) => name !== 'x-request-id' && name !== 'date')
  const text = JSON.stringify([answer.status, left, await answer.text()])
  // The name of an upload that begins is a new one each time.
  return text.replaceAll(`${project}/${repository}`, 'R').replaceAll(/[0-9a-f]{8}-[0-9a-f-]{27}(\.[\w-]+\.[\w-]{22})?/g, 'UPLOAD')
}

/** As long, and nobody's: the length of an answer may depend on what was asked for. */
const absentLike = (name: string): string => `q${name.slice(1, -1)}${name.endsWith('q') ? 'r' : 'q'}`

async function differences(project: string, there: readonly [string, string], absent: readonly [string, string]): Promise<string[]> {
  const found: string[] = []
  for (const [who, headers] of callers) {
    if (who === 'a robot' && project === part) continue
    for (const ask of questions()) {
      const [one, other] = [await shown(ask, headers, ...there), await shown(ask, headers, ...absent)]
      if (one !== other) found.push(`${who}: ${ask.method} ${ask.path.slice(0, 60)} ${JSON.stringify(ask.headers ?? {})}\n  ${one.slice(0, 400)}\n  ${other.slice(0, 400)}`)
    }
  }
  return found
}

test.each(['live', 'archived', 'renamed', 'for some addresses', 'in the trash'])('a project that is %s is told from nothing by nobody whom it is hidden from', async (what) => {
  const name = hidden.get(what) ?? ''
  expect(await differences(name, [name, 'app'], [absentLike(name), 'app'])).toEqual([])
  expect(await differences(name, [name, 'app'], [name, 'nah'])).toEqual([])
})

test('a repository in a part of a project is told from nothing by nobody who may see another part', async () => {
  expect(await differences(part, [part, 'app'], [part, 'nah'])).toEqual([])
})

test('tokens are given for what is hidden as for what is not there', async () => {
  for (const [who, headers] of callers) {
    if (headers['authorization']?.startsWith('Bearer') === true) continue
    for (const name of hidden.values()) {
      const access = async (project: string): Promise<unknown> => {
        const path = `/token?scope=repository:${project}/app:pull,push,delete&scope=repository:${project}:*`
        const answer = await world.send(undefined, { method: 'GET', path, headers })
        const { token } = (await answer.json()) as { token: string }
        return (JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as { access: unknown }).access
      }
      expect([who, await access(name)]).toEqual([who, await access(absentLike(name))])
    }
  }
})

test('whoever may know of a project is told that it is in the trash, by password and by token: reads find nothing, writes are refused', async () => {
  const name = hidden.get('in the trash') ?? ''
  const { items } = (await world.admin('GET', `/projects/${name}/trash`)) as { readonly items: readonly { readonly id: string; readonly purgeAt: string }[] }
  const [{ id, purgeAt } = { id: '', purgeAt: '' }] = items
  const told = `project ${name} is in the trash until ${purgeAt}: \`berth trash restore ${id}\` brings it back, \`berth trash purge ${id}\` frees its name`
  for (const who of ['guest', 'developer', 'projectAdmin', 'admin'] as const) {
    const { user, secret } = world.credentialOf(who, name) ?? { user: '', secret: '' }
    const password = basic(user, secret)
    for (const authorization of [password, await bearer(password, `repository:${name}/app:pull,push`), await bearer(password, `repository:elsewhere/app:pull`)]) {
      const ask = async (method: string, path: string, body?: string) => {
        const answer = await world.send(undefined, { method, path: `/v2/${name}/app/${path}`, headers: { authorization, ...(body === undefined ? {} : manifestType) }, body })
        const text = await answer.text()
        const error = text === '' ? undefined : (JSON.parse(text) as { readonly errors: readonly { readonly code: string; readonly message: string }[] }).errors[0]
        return [who, method, answer.status, error?.code, error?.message]
      }
      for (const path of [`manifests/${manifest.tag}`, `blobs/${blob.digest}`, 'tags/list', `referrers/${manifest.digest}`]) {
        expect(await ask('GET', path)).toEqual([who, 'GET', 404, 'NAME_UNKNOWN', `there is no such repository: ${told}`])
        // Clients that push ask so what is there, and go on to where they are told why not.
        expect(await ask('HEAD', path)).toEqual([who, 'HEAD', 404, undefined, undefined])
      }
      const refused = ['DENIED', `you may not push ${name}/app: ${told}`]
      expect(await ask('POST', 'blobs/uploads/')).toEqual([who, 'POST', 403, ...refused])
      expect((await ask('PUT', 'manifests/new', '{}')).slice(2, 4)).toEqual([403, 'DENIED'])
    }
  }
})
