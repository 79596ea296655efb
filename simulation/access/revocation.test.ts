import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { poll } from '../rig/poll.ts'
import type { Identity } from './expectations.ts'
import { pushTagged } from './v2-cases.ts'
import { World } from './world.ts'

setDefaultTimeout(180_000)

let world: World
beforeAll(async () => void (world = await World.create()))
afterAll(() => world.dispose())

/** What is taken away is gone within so many ms (invariant 7). */
const limit = 5_000

async function pulled(identity: Identity, project: string, tag: string): Promise<number> {
  return (await world.send(world.credentialOf(identity, project), { method: 'GET', path: `/v2/${project}/app/manifests/${tag}` })).status
}

const grantOf = async (project: string, name: string): Promise<string> => {
  const { items } = (await world.admin('GET', `/projects/${project}/grants`)) as unknown as { items: { id: string; subject: { name: string } }[] }
  return items.find(({ subject }) => subject.name === name)?.id ?? ''
}

const taken: [string, Identity, (project: string) => Promise<unknown>][] = [
  ['a grant', 'guest', async (project) => await world.admin('DELETE', `/projects/${project}/grants/${await grantOf(project, 'guest')}`)],
  ['a robot', 'wideRobot', async (project) => await world.admin('DELETE', `/projects/${project}/robots/widerobot`)],
  ['the secret of a robot', 'narrowRobot', async (project) => await world.admin('POST', `/projects/${project}/robots/narrowrobot/rotate`, {})],
  ['everything outside a network', 'developer', async (project) => await world.admin('POST', `/projects/${project}/address-rules`, { networks: ['192.0.2.0/24'] })],
  ['a project', 'maintainer', async (project) => await world.admin('DELETE', `/projects/${project}?force=true`)],
  ['an account', 'other', async () => await world.admin('PUT', '/accounts/other/state', { state: 'disabled' })],
]

test.each(taken)('%s that is taken away is gone at once', async (_, identity, takeAway) => {
  const project = await world.project(identity === 'other' ? 'internal' : 'private')
  const { tag } = await pushTagged(world, `${project}/app`)
  expect(await pulled(identity, project, tag)).toBe(200)
  await takeAway(project)
  await poll('the end of it', limit, async () => [401, 403].includes(await pulled(identity, project, tag)) || undefined)
})

test('a project that is made again under the name of a deleted one is another one', async () => {
  const project = await world.project('private')
  const { tag } = await pushTagged(world, `${project}/app`)
  const before = world.credentialOf('wideRobot', project)
  expect(await pulled('guest', project, tag)).toBe(200)
  await world.admin('DELETE', `/projects/${project}?force=true`)
  await world.admin('POST', '/projects', { name: project })
  await pushTagged(world, `${project}/app`)
  expect(await pulled('guest', project, tag)).toBe(403)
  expect((await world.send(before, { method: 'GET', path: `/v2/${project}/app/tags/list` })).status).toBe(401)
})
