import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import type { Route } from '../../src/api/index.ts'
import { managementRoutes } from '../../src/management.ts'
import { apiCases, usesUpProject } from './api-cases.ts'
import { type Ask, World } from './world.ts'

setDefaultTimeout(120_000)

/** The attacker: somebody who may do a little, and adds members to bodies that are columns behind them (bar S18). */
const routes: readonly Route[] = managementRoutes({} as never)
/** Of what a schema names, and so may be sent: what nobody may set in it. */
const privileged: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  updateProject: { state: 'deleting' },
  setAccountState: { state: 'deleted' },
  createToken: { kind: 'refresh', name: '' },
  createRobot: { name: 'team+robot$ci' },
  createRole: { permissions: ['everything'] },
  addGrant: { role: 'Admin' },
}
/** Need what is somebody's own; that they are taken whole is tried where accounts are made. */
const withoutControl: readonly string[] = ['changeOwnPassword', 'deleteToken']

let world: World
let project: string
let columns: readonly string[]
beforeAll(async () => {
  world = await World.create('7d')
  project = await world.project('private')
  const snake = world.columns()
  columns = [...new Set([...snake, ...snake.map((name) => name.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase()))])]
})
afterAll(() => world.dispose())

const shapeOf = (schema: Route['body']): string[] => Object.keys(schema?.shape ?? {})
const ready = async (id: string): Promise<Ask> => {
  const asked = await apiCases[id]?.(world, usesUpProject.includes(id) ? await world.project('private') : project)
  if (asked === undefined) throw new Error(`no case for ${id}`)
  return asked
}

/** What is refused of these requests for another reason, or not at all. */
async function notRefused(asked: readonly Ask[]): Promise<string[]> {
  const found: string[] = []
  for (const each of asked) {
    const answer = await world.send(world.credentialOf('admin', ''), each)
    const text = await answer.text()
    if (answer.status !== 400 || !text.includes('"code":"malformed"')) found.push(`${each.method} ${each.path} ${JSON.stringify(each.body)}: ${answer.status} ${text}`)
  }
  return found
}

/** A body with a member more, in each of the objects that it is made of. */
function withMember(body: unknown, name: string): unknown[] {
  if (Array.isArray(body)) return body.flatMap((item, at) => withMember(item, name).map((changed) => body.with(at, changed)))
  if (typeof body !== 'object' || body === null) return []
  const inside = Object.entries(body).flatMap(([key, value]) => withMember(value, name).map((changed) => ({ ...body, [key]: changed })))
  return [{ ...body, [name]: 1 }, ...inside]
}

test('there are columns to try', () => {
  expect(columns).toContain('password_hash')
  expect(columns).toContain('passwordHash')
  expect(columns).toContain('namespace_id')
  expect(columns.length).toBeGreaterThan(100)
})

describe('a member that is a column, in every object of the body', () => {
  test.each(routes.filter(({ body }) => body !== undefined).map((route) => [route.id, route] as const))('of %s', async (id, route) => {
    const [asked, known] = [await ready(id), shapeOf(route.body)]
    const nested = ['rights', 'subject'].filter((name) => known.includes(name))
    // Of objects within, other names are known: what is refused there is what neither knows.
    const within = nested.length === 0 ? [] : ['kind', 'name', 'project', 'pattern', 'permissions']
    const tried = columns.filter((name) => !known.includes(name))
    const before = world.rows()
    const bodies = tried.flatMap((name) => withMember(asked.body, name).filter((_, at) => at === 0 || !within.includes(name)))
    for (const [name, value] of Object.entries(privileged[id] ?? {})) bodies.push({ ...(asked.body as object), [name]: value })
    expect(bodies.length).toBeGreaterThan(100)
    expect(await notRefused(bodies.map((body) => ({ ...asked, body })))).toEqual([])
    expect(world.rows()).toEqual(before)
    if (withoutControl.includes(id)) return
    expect((await world.send(world.credentialOf('admin', ''), asked)).status).toBe(route.status)
  })
})

test('a parameter that is a column is refused by every route', async () => {
  const before = world.rows()
  const asked: Ask[] = []
  for (const { id, query, list } of routes) {
    const { path, ...each } = await ready(id)
    const known = [...shapeOf(query), ...(list ? ['limit', 'cursor'] : [])]
    for (const name of columns.filter((column) => !known.includes(column))) asked.push({ ...each, path: `${path}${path.includes('?') ? '&' : '?'}${name}=1` })
  }
  expect(asked.length).toBeGreaterThan(5_000)
  const prepared = world.rows()
  expect(prepared).not.toEqual(before)
  expect(await notRefused(asked)).toEqual([])
  expect(world.rows()).toEqual(prepared)
})

describe('a body where none is read', () => {
  const changing = routes.filter(({ id, body, method }) => body === undefined && method !== 'GET' && !withoutControl.includes(id))
  test.each(changing.map((route) => [route.id, route] as const))('changes nothing about %s', async (id, { status }) => {
    const changes = async (more: Partial<Ask>): Promise<Record<string, number>> => {
      const asked = await ready(id)
      const before = world.rows()
      expect((await world.send(world.credentialOf('admin', ''), { ...asked, ...more })).status).toBe(status)
      const after = world.rows()
      return Object.fromEntries([...after].map(([table, rows]) => [table, rows.length - (before.get(table)?.length ?? 0)]))
    }
    const body = Object.fromEntries(columns.map((name) => [name, 1]))
    expect(await changes({ body })).toEqual(await changes({}))
  })
})

test('the token service takes nothing from what is asked but what it is for', async () => {
  const login = world.credentialOf('guest', project)
  const scope = `repository:${project}/app:pull,push`
  const claimsOf = async (answer: Promise<Response>): Promise<Record<string, unknown>> => {
    const { token } = (await (await answer).json()) as { token: string }
    const claims = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString()) as Record<string, unknown>
    return Object.fromEntries(Object.entries(claims).filter(([name]) => !['iat', 'nbf', 'exp', 'jti'].includes(name)))
  }
  const more = new URLSearchParams([...columns, 'sub', 'holder', 'access', 'admin', 'roles', 'iss', 'aud'].filter((name) => !['service', 'scope'].includes(name)).map((name): [string, string] => [name, '1']))
  const query = (extra: string): Ask => ({ method: 'GET', path: `/token?scope=${scope}${extra}` })
  const plain = await claimsOf(world.send(login, query('')))
  expect(plain).toMatchObject({ sub: 'guest', access: [{ name: `${project}/app`, actions: ['pull'] }] })
  expect(await claimsOf(world.send(login, query(`&${more.toString()}&account=admin`)))).toEqual(plain)
  const form = (extra: string): Ask => ({
    method: 'POST',
    path: '/token',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: `grant_type=password&username=${login?.user}&password=${login?.secret}&service=&scope=${scope}${extra}`,
  })
  more.delete('username')
  more.delete('password')
  expect(await claimsOf(world.send(undefined, form('')))).toEqual(plain)
  expect(await claimsOf(world.send(undefined, form(`&${more.toString()}`)))).toEqual(plain)
})

test('who may read a project changes no field of it, and who keeps it none that is its owner’s', async () => {
  const before = world.rows().get('namespace')
  const fields = [{ visibility: 'public' }, { state: 'frozen' }, {}]
  for (const identity of ['guest', 'developer', 'maintainer', 'auditor', 'wideRobot', 'narrowRobot', 'ops', 'other'] as const) {
    for (const body of fields) {
      const { status } = await world.send(world.credentialOf(identity, project), { method: 'PATCH', path: `/api/v1/projects/${project}`, body })
      expect([identity, body, status === 403 || status === 404]).toEqual([identity, body, true])
    }
  }
  expect(world.rows().get('namespace')).toEqual(before)
  for (const body of fields) {
    expect((await world.send(world.credentialOf('projectAdmin', project), { method: 'PATCH', path: `/api/v1/projects/${project}`, body })).status).toBe(200)
  }
})
