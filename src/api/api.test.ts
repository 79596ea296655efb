import { beforeEach, describe, expect, test } from 'bun:test'
import { createLogger } from '../observe/index.ts'
import { RegistryError } from '../oci/index.ts'
import { createApi, isCrossSite, type RequestContext } from './api.ts'
import { type Boat, boatRoutes, boats, changes } from './boat-routes.testing.ts'
import { Problem } from './problem.ts'
import type { Caller, Place } from './route.ts'

/** Who has which permission in which project; '' is the system. */
const rights: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> = {
  writer: { '': ['job.run', 'boat.read'], team: ['boat.read', 'boat.write'], shop: ['boat.read'] },
  anonymous: { open: ['boat.read'] },
}
const questions: { readonly permission: string; readonly place: Place }[] = []

function callerOf(headers: Headers, address: string): Caller {
  const identity = headers.get('authorization')?.slice('User '.length)
  if (identity === 'nobody') throw new Problem('credentials-invalid')
  const [kind, credential] = identity?.split(':') ?? []
  const principal = identity === undefined ? undefined : { kind }
  return { principal, identity: kind, credential: credential ?? 'password', mustChange: kind === 'new', narrowed: credential === 'narrow', address }
}

const api = createApi({
  routes: boatRoutes,
  authorize(caller, permission, place) {
    questions.push({ permission, place })
    const granted = rights[caller.identity ?? 'anonymous']?.[place.project ?? ''] ?? []
    const allowed = granted.includes(permission)
    return { allowed, rule: allowed ? 'a grant' : 'no grant', hidden: granted.length === 0 }
  },
  barred: ({ identity }) => (identity === 'distant' ? 'not from there' : undefined),
  failureOf: () => undefined,
  rightsVersion: () => 1,
  document: () => Promise.resolve('{"openapi":"3.1.0"}'),
  logger: createLogger({ level: 'silent' }),
})

interface Sent {
  readonly user?: string | undefined
  readonly body?: unknown
  readonly text?: string
  readonly headers?: Readonly<Record<string, string>>
}

async function send(method: string, path: string, { user = 'writer', body, text, headers = {} }: Sent = {}) {
  const payload = text ?? (body === undefined ? undefined : JSON.stringify(body))
  const all = {
    ...(user === '' ? {} : { authorization: `User ${user}` }),
    ...(payload === undefined ? {} : { 'content-type': 'application/json' }),
    ...headers,
  }
  const request = new Request(`http://registry/api/v1${path}`, { method, headers: all, ...(payload === undefined ? {} : { body: payload }) })
  let read = 0
  const context: RequestContext = {
    id: 'id-1',
    enter: () => callerOf(request.headers, '127.0.0.1'),
    challenge: () => 'Basic realm="Berth"',
    async readBody(limit) {
      read++
      const bytes = new Uint8Array(await request.arrayBuffer())
      if (bytes.length > limit) throw new RegistryError('MANIFEST_TOO_LARGE')
      return bytes
    },
  }
  const { response, ...log } = await api.fetch(request, context)
  const answered = await response.text()
  return { status: response.status, headers: response.headers, text: answered, json: answered === '' ? undefined : JSON.parse(answered), log, read }
}

beforeEach(() => {
  boats.clear()
  for (const name of ['ada', 'bea', 'cleo']) boats.set(name, { name, length: 10 })
  changes.count = 0
  questions.length = 0
})

describe('a route', () => {
  test('answers with what its schema names, an entity tag, and nothing that may be kept', async () => {
    const { status, headers, json } = await send('GET', '/projects/team/boats/ada')
    expect({ status, json }).toEqual({ status: 200, json: { name: 'ada', length: 10 } })
    expect(headers.get('cache-control')).toBe('no-store')
    expect(headers.get('etag')).toMatch(/^"[\w-]{22}"$/)
    const list = await send('GET', '/projects/team/boats')
    expect(list.text).not.toContain('secret')
  })

  test('makes something and says where it is', async () => {
    const { status, headers, json } = await send('POST', '/projects/team/boats', { body: { name: 'dory', length: 3 } })
    expect({ status, json }).toEqual({ status: 201, json: { name: 'dory', length: 3 } })
    expect(headers.get('location')).toBe('/api/v1/projects/team/boats/dory')
  })

  test('is described to whoever asks', async () => {
    expect((await send('GET', '/openapi.json', { user: '' })).json).toEqual({ openapi: '3.1.0' })
  })

  test('answers HEAD as GET', async () => {
    expect((await send('HEAD', '/projects/team/boats/ada')).status).toBe(200)
    expect((await send('HEAD', '/projects/hidden/boats/ada')).status).toBe(404)
  })

  test('that does not exist is a problem, and so is a method it lacks', async () => {
    expect((await send('GET', '/ships')).json).toMatchObject({ status: 404, code: 'not-found', type: 'about:blank', title: 'Not Found' })
    const { status, headers, json } = await send('PUT', '/projects/team/boats/ada')
    expect({ status, code: json.code, allow: headers.get('allow') }).toEqual({ status: 405, code: 'method-not-allowed', allow: 'GET, HEAD, PATCH, DELETE' })
  })
})

describe('a route that finds its place in the query', () => {
  test('is decided there, of two by the one that it works on, and before the query is checked', async () => {
    expect((await send('DELETE', '/projects/team/boat?path=ada&path=bea')).status).toBe(204)
    expect(questions.at(-1)?.place).toEqual({ project: 'team', repository: 'ada' })
    expect([...boats.keys()]).toEqual(['bea', 'cleo'])
    expect((await send('DELETE', '/projects/team/boat?path=No+Name')).json).toMatchObject({ status: 400, errors: [{ at: 'path' }] })
    expect((await send('DELETE', '/projects/hidden/boat?path=No+Name')).status).toBe(404)
    expect((await send('DELETE', '/projects/team/boat')).status).toBe(400)
    expect(changes.count).toBe(1)
  })
})

describe('what may not be seen', () => {
  test('is the same as what is not there, byte for byte', async () => {
    const answers = await Promise.all([
      send('GET', '/projects/hidden/boats/ada'),
      send('GET', '/projects/hidden/boats/nothing'),
      send('DELETE', '/projects/hidden/boats/ada'),
      send('PATCH', '/projects/hidden/boats/ada', { body: { length: 'no number', x: 1 } }),
      send('GET', '/projects/team/boats/nothing'),
      send('GET', '/projects/team/boats/No%2FName'),
    ])
    expect(new Set(answers.map(({ text }) => text)).size).toBe(1)
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([404]))
    expect(changes.count).toBe(0)
  })

  test('is asked about before the body is read', async () => {
    expect((await send('POST', '/projects/hidden/boats', { text: '{' })).read).toBe(0)
    expect((await send('POST', '/projects/team/boats', { text: '{' })).read).toBe(1)
  })

  test('and may be seen but not changed is 403 with the rule', async () => {
    const { status, json } = await send('DELETE', '/projects/shop/boats/ada')
    expect({ status, json }).toEqual({
      status: 403,
      json: { type: 'about:blank', title: 'Forbidden', status: 403, code: 'forbidden', detail: 'you may not do this: no grant', request: 'id-1' },
    })
    expect(questions.map(({ permission }) => permission)).toEqual(['boat.write'])
  })

  test('whoever did not log in is asked to, whether it is there or not', async () => {
    for (const path of ['/projects/team/boats/ada', '/projects/hidden/boats/x', '/projects/team/boats/No', '/me', '/me/password']) {
      const { status, headers, json } = await send(path === '/me/password' ? 'PUT' : 'GET', path, { user: '' })
      expect({ path, status, code: json.code, asks: headers.get('www-authenticate') }).toEqual({ path, status: 401, code: 'unauthenticated', asks: 'Basic realm="Berth"' })
    }
    expect((await send('GET', '/projects/open/boats/ada', { user: '' })).status).toBe(200)
    expect((await send('GET', '/me', { user: 'nobody' })).json).toMatchObject({ status: 401, code: 'credentials-invalid' })
  })

  test('of the system is 403: its address is no secret', async () => {
    expect((await send('POST', '/sweep', { user: 'other' })).status).toBe(403)
    expect((await send('POST', '/sweep')).status).toBe(204)
  })

  test('with a password that has to be changed is everything but the change', async () => {
    expect((await send('GET', '/me', { user: 'new' })).json).toMatchObject({ status: 403, code: 'password-change-required' })
    expect((await send('GET', '/projects/team/boats/ada', { user: 'new' })).json.code).toBe('password-change-required')
    expect((await send('PUT', '/me/password', { user: 'new', body: { to: 'x' } })).status).toBe(204)
  })

  test('by a token that is good for a part is what belongs to its owner as a whole', async () => {
    expect((await send('GET', '/me', { user: 'writer:personal' })).status).toBe(200)
    expect((await send('GET', '/me', { user: 'writer:narrow' })).status).toBe(403)
  })

  test('from an address that is not allowed is what belongs to the caller alone', async () => {
    expect((await send('GET', '/me', { user: 'distant' })).json).toMatchObject({ status: 403, detail: 'you may not do this: not from there' })
    expect((await send('PUT', '/me/password', { user: 'distant', body: { to: 'x' } })).status).toBe(403)
    expect(changes.count).toBe(0)
  })

  test('by a token is what asks for the password itself', async () => {
    expect((await send('PUT', '/me/password', { user: 'writer:personal', body: { to: 'x' } })).status).toBe(403)
    expect(changes.count).toBe(0)
  })
})

describe('a body', () => {
  test.each(['id', 'role', 'admin', 'state', 'created_at', 'password_hash', '__proto__', 'constructor', 'namespace_id'])(
    'with the member %s that nobody asked for is refused',
    async (member) => {
      const text = `{"name":"dory","length":3,"${member}":1}`
      const { status, json } = await send('POST', '/projects/team/boats', { text })
      expect({ status, at: json.errors?.[0].at }).toEqual({ status: 400, at: `/${member}` })
      expect(changes.count).toBe(0)
    },
  )

  test.each([
    ['a broken one', '{"name":', 400, 'malformed'],
    ['a list', '[]', 400, 'malformed'],
    ['a member twice', '{"name":"dory","name":"x","length":3}', 400, 'malformed'],
    ['a deep one', `${'{"a":'.repeat(50)}1${'}'.repeat(50)}`, 400, 'malformed'],
    ['a wrong type', '{"name":"dory","length":"3"}', 400, 'malformed'],
    ['a huge one', `{"name":"${'x'.repeat(20_000)}","length":3}`, 413, 'body-too-large'],
  ])('%s is refused with what is wrong', async (_, text, status, code) => {
    const answer = await send('POST', '/projects/team/boats', { text })
    expect({ status: answer.status, code: answer.json.code }).toEqual({ status, code })
    expect(answer.headers.get('content-type')).toBe('application/problem+json')
    expect(changes.count).toBe(0)
  })

  test('of another type than JSON is refused: a form on another site could send it', async () => {
    const { json } = await send('POST', '/projects/team/boats', { text: '{}', headers: { 'content-type': 'text/plain' } })
    expect(json).toMatchObject({ status: 415, code: 'body-not-json' })
  })

  test('is not needed by a page on another site: the browser says where it comes from', async () => {
    for (const site of ['cross-site', 'same-site']) {
      expect((await send('DELETE', '/projects/team/boats/ada', { headers: { 'sec-fetch-site': site } })).json.code).toBe('cross-site')
    }
    expect((await send('DELETE', '/projects/team/boats/ada', { headers: { 'sec-fetch-site': 'same-origin' } })).status).toBe(204)
  })

  test.each([
    ['https://berth.test', {}, false],
    ['http://berth.test:5000', { host: 'Berth.test:5000' }, false],
    ['http://berth.test:5000', { host: 'berth.test' }, true],
    ['http://elsewhere.test', {}, true],
    ['http://elsewhere.test', { 'sec-fetch-site': 'same-origin' }, false],
    ['null', {}, true],
    ['', {}, true],
  ])('to plain HTTP browsers say it with the origin alone: %j %j', (origin, more, isCross) => {
    expect(isCrossSite(new Headers({ host: 'berth.test', origin, ...more }))).toBe(isCross)
  })

  test('without an origin comes from a program', () => {
    expect(isCrossSite(new Headers({ host: 'berth.test' }))).toBe(false)
  })
})

describe('a list', () => {
  test('is read page by page, by the cursor or the link', async () => {
    const first = await send('GET', '/projects/team/boats?limit=2&longer=1')
    expect(first.json.items.map(({ name }: Boat) => name)).toEqual(['ada', 'bea'])
    const link = /^<\/api\/v1(.*)>; rel="next"$/.exec(first.headers.get('link') ?? '')?.[1] ?? ''
    expect(link).toContain('longer=1')
    const second = await send('GET', link)
    expect(second.json).toEqual({ items: [{ name: 'cleo', length: 10 }] })
    expect(second.headers.get('link')).toBeNull()
    expect((await send('GET', `/projects/team/boats?limit=2&cursor=${first.json.next}`)).json).toEqual(second.json)
  })

  test.each(['0', '1', '200', '10000', '2147483648', '999999999999999'])('takes a limit of %s and cuts it', async (limit) => {
    expect((await send('GET', `/projects/team/boats?limit=${limit}`)).status).toBe(200)
  })

  test('refuses what is no limit, no cursor of its own, and no parameter it has', async () => {
    const wrong = ['limit=-1', 'limit=NaN', 'limit=1e9', `limit=${'9'.repeat(2000)}`, 'cursor=x', 'cursor=%00', `cursor=${'A'.repeat(3000)}`]
    for (const query of [...wrong, 'longer=x', 'colour=red']) {
      expect([query, (await send('GET', `/projects/team/boats?${query}`)).status]).toEqual([query, 400])
    }
  })
})

describe('a condition', () => {
  test('that does not hold changes nothing', async () => {
    const etag = (await send('GET', '/projects/team/boats/ada')).headers.get('etag') ?? ''
    expect((await send('PATCH', '/projects/team/boats/ada', { body: { length: 11 }, headers: { 'if-match': etag } })).status).toBe(200)
    const second = await send('PATCH', '/projects/team/boats/ada', { body: { length: 12 }, headers: { 'if-match': etag } })
    expect(second.json).toMatchObject({ status: 412, code: 'precondition-failed' })
    expect((await send('PATCH', '/projects/team/boats/ada', { body: { length: 12 }, headers: { 'if-match': 'rubbish' } })).status).toBe(400)
    expect(boats.get('ada')?.length).toBe(11)
    expect((await send('PATCH', '/projects/team/boats/ada', { body: { length: 12 }, headers: { 'if-match': '*' } })).status).toBe(200)
  })
})

describe('what goes wrong', () => {
  test('in a room behind the route is told by its code and status', async () => {
    const { json } = await send('POST', '/projects/team/boats', { body: { name: 'ada', length: 1 } })
    expect(json).toMatchObject({ status: 409, code: 'name-taken', detail: 'the name is taken', errors: [{ at: '/name', message: 'the name is taken' }] })
    expect((await send('GET', '/broken/busy')).json).toMatchObject({ status: 503, code: 'unavailable' })
  })

  test('inside says nothing of the inside', async () => {
    const { status, text, log } = await send('GET', '/broken/x')
    expect({ status, log }).toEqual({ status: 500, log: { identity: 'writer', code: 'failed' } })
    expect(text).not.toContain('password_hash')
  })
})
