import { emptyConfig, pushBlob, pushTagged } from './v2-cases.ts'
import type { Ask, World } from './world.ts'

/** What is asked of a route. What it changes is made anew for each case, so that a refusal always has something to protect. */
export type Case = (world: World, project: string) => Promise<Ask> | Ask

const get = (path: string): Case => (_, project) => ({ method: 'GET', path: `/api/v1${path.replace('{project}', project)}` })
const account = async (world: World): Promise<string> => {
  const name = world.fresh('person')
  await world.admin('POST', '/accounts', { name })
  return name
}
const group = async (world: World): Promise<string> => {
  const name = world.fresh('group')
  await world.admin('POST', '/groups', { name })
  return name
}
const role = async (world: World): Promise<string> => {
  const name = world.fresh('role')
  await world.admin('POST', '/roles', { name, permissions: ['content.pull'] })
  return name
}
const robot = async (world: World, prefix: string, project: string): Promise<string> => {
  const name = world.fresh('robot')
  await world.admin('POST', `${prefix}/robots`, { name, rights: [{ project, permissions: ['content.pull'] }] })
  return name
}
const idOf = async (world: World, path: string, body: unknown): Promise<string> => String((await world.admin('POST', path, body))['id'])
const inApi = (method: string, path: string, body?: unknown): Ask => ({ method, path: `/api/v1${path}`, ...(body === undefined ? {} : { body }) })

/** One that waits: the server of the world runs none. */
const job = async (world: World): Promise<string> => await idOf(world, '/jobs', { kind: 'integrity.check' })

/** A repository that holds a blob, by its path below the project. */
const repository = async (world: World, project: string): Promise<string> => {
  const path = world.fresh('repository')
  await pushBlob(world, world.credentialOf('admin', ''), `${project}/${path}`, emptyConfig)
  return path
}
/** The number of a deleted one in the trash. */
const trash = async (world: World, project: string): Promise<string> => {
  await world.admin('DELETE', `/projects/${project}/repository?path=${await repository(world, project)}`)
  const { items } = await world.admin('GET', `/projects/${project}/trash?limit=1`)
  return (items as readonly { readonly id: string }[])[0]?.id ?? ''
}

const nightly = { kind: 'integrity.check', cron: '0 3 * * *' }
const schedule = async (world: World): Promise<string> => {
  const name = world.fresh('schedule')
  await world.admin('POST', '/schedules', { name, ...nightly })
  return name
}

const bcrypt = Bun.password.hashSync(crypto.randomUUID(), { algorithm: 'bcrypt', cost: 4 })
const importOf = (name: string) => ({ htpasswd: `${name}:${bcrypt}\n` })
const grantOf = async (world: World) => ({ subject: { kind: 'account', name: await account(world) }, role: 'guest' })
const tagRule = { tags: 'never-*', roles: ['maintainer'] }
const networks = { networks: ['0.0.0.0/0', '::/0'] }

function addressRulesOf(of: string, owner: (world: World, project: string) => Promise<string>): Record<string, Case> {
  return {
    [`list${of}AddressRules`]: async (world, project) => inApi('GET', `${await owner(world, project)}/address-rules`),
    [`add${of}AddressRule`]: async (world, project) => inApi('POST', `${await owner(world, project)}/address-rules`, networks),
    [`remove${of}AddressRule`]: async (world, project) => {
      const path = `${await owner(world, project)}/address-rules`
      return inApi('DELETE', `${path}/${await idOf(world, path, networks)}`)
    },
  }
}

/** The same for what a project has and for what the system has. */
function twice(of: 'Project' | 'System'): Record<string, Case> {
  const prefix = (project: string): string => (of === 'Project' ? `/projects/${project}` : '')
  const word = of === 'Project' ? '' : 'System'
  return {
    [`list${word}Grants`]: (_, project) => inApi('GET', `${prefix(project)}/grants`),
    [`add${word}Grant`]: async (world, project) => inApi('POST', `${prefix(project)}/grants`, await grantOf(world)),
    [`remove${word}Grant`]: async (world, project) => {
      const id = await idOf(world, `${prefix(project)}/grants`, await grantOf(world))
      return inApi('DELETE', `${prefix(project)}/grants/${id}`)
    },
    [`list${word}Robots`]: (_, project) => inApi('GET', `${prefix(project)}/robots`),
    [`get${word}Robot`]: async (world, project) => inApi('GET', `${prefix(project)}/robots/${await robot(world, prefix(project), project)}`),
    [`create${word}Robot`]: (world, project) =>
      inApi('POST', `${prefix(project)}/robots`, { name: world.fresh('robot'), rights: [{ project, permissions: ['content.pull'] }] }),
    [`update${word}Robot`]: async (world, project) =>
      inApi('PATCH', `${prefix(project)}/robots/${await robot(world, prefix(project), project)}`, { description: 'changed' }),
    [`rotate${word}Robot`]: async (world, project) => inApi('POST', `${prefix(project)}/robots/${await robot(world, prefix(project), project)}/rotate`, {}),
    ...addressRulesOf(`${word}Robot`, async (world, project) => `${prefix(project)}/robots/${await robot(world, prefix(project), project)}`),
    [`delete${word}Robot`]: async (world, project) => inApi('DELETE', `${prefix(project)}/robots/${await robot(world, prefix(project), project)}`),
  }
}

/** One for each row of the route table of the management API, by its id. */
export const apiCases: Readonly<Record<string, Case>> = {
  ...twice('Project'),
  ...twice('System'),
  whoami: get('/whoami'),
  listProjects: get('/projects'),
  getProject: get('/projects/{project}'),
  createProject: (world) => inApi('POST', '/projects', { name: world.fresh('made') }),
  renameProject: async (world, project) => inApi('POST', `/projects/${project}/rename`, { name: world.fresh('renamed') }),
  deleteProject: (_, project) => inApi('DELETE', `/projects/${project}?force=true`),
  deleteRepository: async (world, project) => inApi('DELETE', `/projects/${project}/repository?path=${await repository(world, project)}`),
  listTrash: get('/projects/{project}/trash'),
  getTrash: async (world, project) => inApi('GET', `/trash/${await trash(world, project)}`),
  restoreTrash: async (world, project) => inApi('POST', `/trash/${await trash(world, project)}/restore`),
  purgeTrash: async (world, project) => inApi('DELETE', `/trash/${await trash(world, project)}`),
  updateProject: (_, project) => inApi('PATCH', `/projects/${project}`, {}),
  listAccounts: get('/accounts'),
  getAccount: get('/accounts/other'),
  createAccount: (world) => inApi('POST', '/accounts', { name: world.fresh('person') }),
  importAccounts: (world) => inApi('POST', '/account-imports', importOf(world.fresh('imported'))),
  updateAccount: async (world) => inApi('PATCH', `/accounts/${await account(world)}`, { displayName: 'changed' }),
  setAccountState: async (world) => inApi('PUT', `/accounts/${await account(world)}/state`, { state: 'disabled' }),
  resetPassword: async (world) => inApi('PUT', `/accounts/${await account(world)}/password`, { password: `reset ${crypto.randomUUID()}` }),
  deleteAccount: async (world) => inApi('DELETE', `/accounts/${await account(world)}`),
  listTokensOf: get('/accounts/other/tokens'),
  deleteTokenOf: async (world) => inApi('DELETE', `/accounts/other/tokens/${await world.tokenOf('other')}`),
  listTokens: get('/tokens'),
  createToken: (world) => inApi('POST', '/tokens', { name: world.fresh('token') }),
  deleteToken: () => inApi('DELETE', '/tokens/1000000'),
  changeOwnPassword: () => inApi('PUT', '/whoami/password', { current: 'not this one', password: `new ${crypto.randomUUID()}` }),
  explainOwnAccess: get('/whoami/access/{project}?action=pull'),
  explainAccess: get('/projects/{project}/access?who=guest&action=pull'),
  explainSystemAccess: get('/access?who=guest&action=account.read'),
  listGroups: get('/groups'),
  getGroup: async (world) => inApi('GET', `/groups/${await group(world)}`),
  listMembers: async (world) => inApi('GET', `/groups/${await group(world)}/members`),
  createGroup: (world) => inApi('POST', '/groups', { name: world.fresh('group') }),
  deleteGroup: async (world) => inApi('DELETE', `/groups/${await group(world)}`),
  addMember: async (world) => inApi('PUT', `/groups/${await group(world)}/members/${await account(world)}`),
  removeMember: async (world) => {
    const [name, member] = [await group(world), await account(world)]
    await world.admin('PUT', `/groups/${name}/members/${member}`)
    return inApi('DELETE', `/groups/${name}/members/${member}`)
  },
  listRoles: get('/roles'),
  getRole: get('/roles/developer'),
  createRole: (world) => inApi('POST', '/roles', { name: world.fresh('role'), permissions: ['content.pull'] }),
  updateRole: async (world) => inApi('PUT', `/roles/${await role(world)}`, { permissions: ['content.pull', 'repository.list'] }),
  deleteRole: async (world) => inApi('DELETE', `/roles/${await role(world)}`),
  listJobKinds: get('/job-kinds'),
  listJobs: get('/jobs'),
  getJob: async (world) => inApi('GET', `/jobs/${await job(world)}`),
  getJobLog: async (world) => inApi('GET', `/jobs/${await job(world)}/log`),
  followJob: async (world) => inApi('GET', `/jobs/${await job(world)}/events`),
  startJob: () => inApi('POST', '/jobs', { kind: 'integrity.check' }),
  cancelJob: async (world) => inApi('POST', `/jobs/${await job(world)}/cancel`),
  getCollection: get('/gc'),
  startCollection: () => inApi('POST', '/gc', { dryRun: true }),
  listInventory: get('/inventory'),
  reportInventory: () => inApi('POST', '/inventory', { cluster: 'prod', digests: [`sha256:${'0'.repeat(64)}`] }),
  planDelete: async (world, project) => {
    await pushBlob(world, world.credentialOf('admin', ''), `${project}/app`, emptyConfig)
    return inApi('POST', `/projects/${project}/delete-plan?path=app`, {})
  },
  listSchedules: get('/schedules'),
  getSchedule: async (world) => inApi('GET', `/schedules/${await schedule(world)}`),
  createSchedule: (world) => inApi('POST', '/schedules', { name: world.fresh('schedule'), ...nightly }),
  replaceSchedule: async (world) => inApi('PUT', `/schedules/${await schedule(world)}`, nightly),
  deleteSchedule: async (world) => inApi('DELETE', `/schedules/${await schedule(world)}`),
  listUsage: get('/usage'),
  listProjectUsage: get('/projects/{project}/usage'),
  listTags: get('/projects/{project}/tags?path=app'),
  getTag: async (world, project) => inApi('GET', `/projects/${project}/tag?path=app&tag=${(await pushTagged(world, `${project}/app`)).tag}`),
  listTagMoves: async (world, project) => inApi('GET', `/projects/${project}/tag-history?path=app&tag=${(await pushTagged(world, `${project}/app`)).tag}`),
  revertTag: async (world, project) => {
    const [{ tag }, { digest }] = [await pushTagged(world, `${project}/app`), await pushTagged(world, `${project}/app`)]
    return inApi('POST', `/projects/${project}/tag-revert?path=app&tag=${tag}`, { to: digest })
  },
  listTagRules: get('/projects/{project}/tag-rules'),
  addTagRule: (_, project) => inApi('POST', `/projects/${project}/tag-rules`, tagRule),
  removeTagRule: async (world, project) => inApi('DELETE', `/projects/${project}/tag-rules/${await idOf(world, `/projects/${project}/tag-rules`, tagRule)}`),
  ...addressRulesOf('', (_, project) => Promise.resolve(`/projects/${project}`)),
  ...addressRulesOf('Account', async (world) => `/accounts/${await account(world)}`),
}

/** Those after which the project is another one or none: each case gets a project of its own. */
export const usesUpProject: readonly string[] = ['renameProject', 'deleteProject', 'addAddressRule']
