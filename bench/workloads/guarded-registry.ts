import { basic, openRegistryClient, pushWhole, type LargeBlob } from '../load/index.ts'
import { type Login, pushArtifact, type RunningSystem, type System } from '../systems/index.ts'
import { image, repository as open } from './image.ts'
import type { Scale } from './workload.ts'

/** A registry that asks who it is: what is in it, and who they are that may read it. */

/** Of a project that nobody sees without a grant; the other one, `bench/app`, is public. */
export const closed = 'team/app'

export const howItIsGuarded =
  'Berth is started with access control. It has two projects with the same image, a public one and a private one, and 1,000 ' +
  'grants: of them one user holds half, and half a group that the user is in, in 100 further projects and, 20 of them, in ' +
  'parts of the private one, which has 20 tag rules too; an address rule binds the user.'

const reader: Login = { user: 'reader', password: 'kitchen-moss-orbit-9' }

const wholeGrants = 1000
const wholeProjects = 100
const wholeRules = 20

/** Everything there is in it, but for the blobs that a workload adds. */
export async function fillGuarded(system: System, { place, port }: RunningSystem, scale: Scale): Promise<void> {
  const { login } = place
  if (login === undefined) throw new Error('nobody can log in')
  const api = apiOf(port, login)
  if (system.id === 'berth') {
    await api('POST', '/projects', { name: 'bench', visibility: 'public' })
    await api('POST', '/projects', { name: 'team', visibility: 'private' })
    await makeReader(api, port)
    await grantMuch(api, scale)
  }
  for (const repository of [open, closed]) await pushArtifact(place, repository, image)
}

export async function holdLarge({ place, port }: RunningSystem, repository: string, blob: LargeBlob): Promise<void> {
  const client = await openRegistryClient(port, { authorization: place.login && basic(place.login) })
  try {
    await pushWhole(client, repository, blob)
  } finally {
    client.close()
  }
}

/** An Authorization header for each way to say who one is. */
export interface Credentials {
  readonly password: string
  readonly robot: string
  readonly token: string
  /** For the token service alone. */
  readonly refreshToken: string
  readonly service: string
}

/** The user's and a robot's, whose secret is made anew. */
export async function credentialsOf({ place, port }: RunningSystem): Promise<Credentials> {
  const { login } = place
  if (login === undefined) throw new Error('nobody can log in')
  const { secret } = (await apiOf(port, login)('POST', '/projects/team/robots/ci/rotate', {})) as { readonly secret: string }
  const ping = await fetch(`http://127.0.0.1:${port}/v2/`)
  const service = /service="([^"]+)"/.exec(ping.headers.get('www-authenticate') ?? '')?.[1] ?? ''
  const password = basic(reader)
  const query = new URLSearchParams({ service, scope: `repository:${closed}:pull`, offline_token: 'true', client_id: 'bench' })
  const answer = await fetch(`http://127.0.0.1:${port}/token?${query.toString()}`, { headers: { Authorization: password } })
  if (!answer.ok) throw new Error(`no token: ${answer.status} ${(await answer.text()).slice(0, 300)}`)
  const { token, refresh_token } = (await answer.json()) as { readonly token: string; readonly refresh_token: string }
  const robot = basic({ user: 'team+robot$ci', password: secret })
  return { password, robot, token: `Bearer ${token}`, refreshToken: refresh_token, service }
}

type Api = (method: string, path: string, body?: object) => Promise<unknown>

/** @throws Error for anything but success */
function apiOf(port: number, login: Login): Api {
  const authorization = basic(login)
  return async (method, path, body) => {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1${path}`, {
      method,
      headers: { Authorization: authorization, 'Content-Type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    const text = await answer.text()
    if (!answer.ok) throw new Error(`${method} ${path}: status ${answer.status}: ${text.slice(0, 300)}`)
    return text === '' ? undefined : JSON.parse(text)
  }
}

async function makeReader(api: Api, port: number): Promise<void> {
  const first: Login = { ...reader, password: 'first-walnut-lamp-3' }
  await api('POST', '/accounts', { name: first.user, password: first.password })
  // Whose account somebody else made chooses a password first.
  await apiOf(port, first)('PUT', '/whoami/password', { current: first.password, password: reader.password })
  await api('POST', '/groups', { name: 'readers' })
  await api('PUT', `/groups/readers/members/${reader.user}`)
  await api('POST', '/projects/team/robots', { name: 'ci', rights: [{ project: 'team', permissions: ['content.pull'] }] })
  await api('POST', `/accounts/${reader.user}/address-rules`, { networks: ['127.0.0.0/8'] })
}

async function grantMuch(api: Api, scale: Scale): Promise<void> {
  const rules = scale(wholeRules)
  const projects = scale(wholeProjects)
  const subjects = [{ kind: 'group', name: 'readers' }, { kind: 'account', name: reader.user }] as const
  await inTurns(projects, (index) => api('POST', '/projects', { name: `tenant-${index}` }))
  await inTurns(rules, (index) => api('POST', '/projects/team/tag-rules', { tags: `release-${index}-*`, permissions: ['tag.move'], roles: ['maintainer'] }))
  await inTurns(Math.max(scale(wholeGrants), rules), (index) => {
    const inTeam = index < rules
    const [project, pattern] = inTeam ? ['team', index === 0 ? 'app' : `part-${index}/*`] : [`tenant-${index % projects}`, `part-${index}/*`]
    return api('POST', `/projects/${project}/grants`, { subject: subjects[index % 2], role: 'developer', pattern })
  })
}

const atOnce = 8

async function inTurns(count: number, one: (index: number) => Promise<unknown>): Promise<void> {
  let taken = 0
  const go = async (): Promise<void> => {
    while (taken < count) await one(taken++)
  }
  await Promise.all(Array.from({ length: atOnce }, go))
}
