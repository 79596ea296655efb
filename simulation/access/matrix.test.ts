import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { permissions } from '../../src/access/index.ts'
import type { Route } from '../../src/api/index.ts'
import { routes as v2Routes } from '../../src/http/index.ts'
import { managementRoutes } from '../../src/management.ts'
import { apiCases, usesUpProject } from './api-cases.ts'
import { holders, identities, type Identity, mayDo, permissionOf, refused, visibilities, type Visibility } from './expectations.ts'
import { emptyConfig, pushBlob, v2Cases } from './v2-cases.ts'
import { World } from './world.ts'

setDefaultTimeout(300_000)

/** The table is data: what its handlers would need is not there. */
const apiRoutes: readonly Route[] = managementRoutes({} as never)
const loggedIn = (identity: Identity): boolean => identity !== 'anonymous' && !refused.includes(identity)
const isRobot = (identity: Identity): boolean => identity.endsWith('Robot')

/** What belongs to the caller, and has no permission. With tokens nobody gets what takes a password; the administrator has none. */
const own: Readonly<Record<string, (identity: Identity) => boolean>> = {
  whoami: loggedIn,
  explainOwnAccess: loggedIn,
  listProjects: (identity) => !refused.includes(identity),
  listUsage: (identity) => !refused.includes(identity),
  listTokens: (identity) => loggedIn(identity) && !isRobot(identity),
  createToken: (identity) => identity === 'admin',
}
/** Tried by tests of their own: here nobody may. */
const elsewhere: readonly string[] = ['changeOwnPassword', 'deleteToken']

let world: World
const projects = new Map<Visibility, string>()
let cases = 0
beforeAll(async () => {
  world = await World.create('7d')
  for (const visibility of visibilities) {
    const project = await world.project(visibility)
    projects.set(visibility, project)
    await pushBlob(world, world.credentialOf('admin', ''), `${project}/app`, emptyConfig)
  }
})
afterAll(async () => {
  await world.dispose()
  console.log(`the matrix of access: ${cases} cases`)
})

const projectOf = (visibility: Visibility): string => projects.get(visibility) ?? ''

/** One line for each case that is not as it should be. */
async function deviations(
  what: string,
  expected: (identity: Identity, visibility: Visibility) => boolean,
  ask: (identity: Identity, visibility: Visibility, allowed: boolean) => Promise<{ readonly status: number; readonly success: readonly number[] }>,
): Promise<string[]> {
  const found: string[] = []
  for (const visibility of visibilities) {
    for (const identity of identities) {
      cases++
      const allowed = expected(identity, visibility)
      const { status, success } = await ask(identity, visibility, allowed)
      const isLogin = identity === 'anonymous' || refused.includes(identity)
      const good = allowed ? success.includes(status) : isLogin ? status === 401 : status === 403 || status === 404
      if (!good) found.push(`${what} as ${identity} in a project that is ${visibility}: ${status}, and should be ${allowed ? 'allowed' : 'refused'}`)
    }
  }
  return found
}

describe('every permission', () => {
  test('has a line in the expectations', () => {
    expect(Object.keys(holders).sort()).toEqual(Object.keys(permissions).sort())
  })
})

test('there are at least 2,000 cases', () => {
  const rows = apiRoutes.filter(({ id }) => !elsewhere.includes(id)).length + v2Cases.length
  expect(rows * identities.length * visibilities.length).toBeGreaterThanOrEqual(2_000)
})

describe('the management API', () => {
  test('has a case for each of its routes', () => {
    expect(Object.keys(apiCases).sort()).toEqual(apiRoutes.map(({ id }) => id).sort())
  })

  test.each(apiRoutes.filter(({ id }) => !elsewhere.includes(id)).map((route) => [route.id, route] as const))(
    '%s',
    async (id, { status, path }) => {
      const inSystem = !path.startsWith('/projects/{project}')
      const expected = own[id] ?? ((identity: Identity, visibility: Visibility) => !refused.includes(identity) && mayDo(identity, permissionOf(id), visibility, inSystem))
      const found = await deviations(id, expected, async (identity, visibility) => {
        const project = usesUpProject.includes(id) ? await world.project(visibility) : projectOf(visibility)
        const asked = await apiCases[id]?.(world, project)
        if (asked === undefined) throw new Error(`no case for ${id}`)
        const answer = await world.send(world.credentialOf(identity, project), asked)
        return { status: answer.status, success: [status] }
      })
      expect(found).toEqual([])
    },
  )
})

describe('the registry API', () => {
  test('has a case for each of its routes', () => {
    const plain = ['ping', 'listExtensions', 'listRepositories']
    expect([...new Set([...plain, ...v2Cases.map(({ operation }) => operation)])].sort()).toEqual(v2Routes.map(({ operation }) => operation).sort())
  })

  test.each(v2Cases.map((each) => [`${each.operation} ${each.name}`, each] as const))('%s', async (name, { operation, needs, ask }) => {
    const success = v2Routes.find((route) => route.operation === operation)?.success ?? []
    const expected = (identity: Identity, visibility: Visibility): boolean =>
      !refused.includes(identity) && needs.every((permission) => mayDo(identity, permission, visibility))
    const found = await deviations(name, expected, async (identity, visibility, allowed) => {
      const project = projectOf(visibility)
      const credential = world.credentialOf(identity, project)
      const asked = await ask(world, `${project}/app`, allowed ? credential : world.credentialOf('admin', project))
      return { status: (await world.send(credential, asked)).status, success }
    })
    expect(found).toEqual([])
  })

  test.each([['ping', '/v2/'], ['listExtensions', '/v2/_oci/ext/discover'], ['listRepositories', '/v2/_catalog']] as const)('%s', async (name, path) => {
    const found = await deviations(name, loggedIn, async (identity, visibility) => {
      const answer = await world.send(world.credentialOf(identity, projectOf(visibility)), { method: 'GET', path })
      return { status: answer.status, success: [200] }
    })
    expect(found).toEqual([])
  })
})
