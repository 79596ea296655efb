/**
 * Who may do what, written out by hand: what src/access says is compared with this, and with nothing that is made from src/access.
 * A permission that has no line here fails the tests, as an endpoint does that no case covers.
 */

/** The callers of the matrix. All but `other`, `ops`, `auditor` and `admin` have what they have in the project that is asked about. */
export const identities = [
  'anonymous',
  'other',
  'guest',
  'developer',
  'maintainer',
  'projectAdmin',
  'ops',
  'auditor',
  'narrowRobot',
  'wideRobot',
  'expired',
  'revoked',
  'admin',
] as const
export type Identity = (typeof identities)[number]

export const visibilities = ['public', 'internal', 'private'] as const
export type Visibility = (typeof visibilities)[number]

/** Their credentials are refused wherever they are shown, also where nobody needs any. */
export const refused: readonly Identity[] = ['expired', 'revoked']

const members: readonly Identity[] = ['guest', 'developer', 'maintainer', 'projectAdmin', 'wideRobot', 'admin']
const writers: readonly Identity[] = ['developer', 'maintainer', 'projectAdmin', 'wideRobot', 'admin']
const keepers: readonly Identity[] = ['maintainer', 'projectAdmin', 'wideRobot', 'admin']
const owners: readonly Identity[] = ['projectAdmin', 'admin']
const readers: readonly Identity[] = [...members, 'narrowRobot', 'auditor']
const system: readonly Identity[] = ['admin']

/** By permission: who has it in a private project, or in the system. `narrowRobot` may pull from one repository, the one asked about. */
export const holders: Readonly<Record<string, readonly Identity[]>> = {
  'content.pull': readers,
  'content.push': writers,
  'content.delete': keepers,
  'content.restore': keepers.filter((identity) => identity !== 'wideRobot'),
  'content.purge': owners,
  'tag.create': writers,
  'tag.move': writers,
  'tag.delete': keepers,
  'repository.list': ['guest', 'developer', 'maintainer', 'projectAdmin', 'wideRobot', 'auditor', 'admin'],
  'repository.create': writers,
  'repository.delete': keepers,
  'project.read': ['guest', 'developer', 'maintainer', 'projectAdmin', 'auditor', 'admin'],
  'project.update': owners,
  'project.delete': owners,
  'grant.read': [...owners, 'auditor'],
  'grant.write': owners,
  'robot.read': [...owners, 'auditor'],
  'robot.write': owners,
  'rule.read': ['maintainer', ...owners, 'auditor'],
  'rule.write': ['maintainer', ...owners],
  'project.create': system,
  'account.read': [...system, 'auditor'],
  'account.write': system,
  'group.read': [...system, 'auditor'],
  'group.write': system,
  'role.read': [...system, 'auditor'],
  'role.write': system,
  'event.read': [...system, 'auditor'],
  'job.read': [...system, 'auditor', 'ops'],
  'job.run': [...system, 'ops'],
  'inventory.read': [...system, 'auditor', 'ops'],
  'inventory.write': [...system, 'ops'],
  'system.read': [...system, 'auditor', 'ops'],
  'system.write': system,
}

/** What everybody, or everybody who logged in, has beside that where a project is not private. */
const open: readonly string[] = ['content.pull', 'repository.list', 'project.read']
const loggedIn: readonly Identity[] = identities.filter((identity) => identity !== 'anonymous' && !refused.includes(identity))
const withAccount: readonly Identity[] = loggedIn.filter((identity) => !identity.endsWith('Robot'))
/** Robots are made for one purpose: what is open to whoever has an account is not meant for them. */
const withLogin: Readonly<Record<Visibility, readonly Identity[]>> = { public: [...loggedIn, 'anonymous'], internal: withAccount, private: [] }
/** Who has, in the whole system, what others have in a project. */
const everywhere: readonly Identity[] = ['admin', 'auditor']

const projectWide = /^(grant|robot|rule)\./

/** @param inSystem whether it is asked for in the whole system, as for a robot that belongs to no project */
export function mayDo(identity: Identity, permission: string, visibility: Visibility, inSystem = false): boolean {
  const own = holders[permission]
  if (own === undefined) throw new Error(`${permission} has no line in simulation/access/expectations.ts`)
  if (inSystem && projectWide.test(permission)) return own.includes(identity) && everywhere.includes(identity)
  return own.includes(identity) || (open.includes(permission) && withLogin[visibility].includes(identity))
}

/** By permission: the routes of the management API that take it. */
const routesBy: Readonly<Record<string, string>> = {
  'content.pull': 'listTags getTag listTagMoves',
  'content.push': 'revertTag',
  'repository.delete': 'deleteRepository',
  'content.restore': 'listTrash getTrash restoreTrash',
  'content.purge': 'purgeTrash',
  'project.read': 'getProject listProjectUsage',
  'project.update': 'updateProject',
  'project.delete': 'deleteProject',
  'project.create': 'createProject renameProject',
  'content.delete': 'planDelete',
  'grant.read': 'listGrants listSystemGrants explainAccess explainSystemAccess',
  'grant.write': 'addGrant removeGrant addSystemGrant removeSystemGrant',
  'robot.read': 'listRobots getRobot listSystemRobots getSystemRobot listRobotAddressRules listSystemRobotAddressRules',
  'robot.write':
    'createRobot updateRobot rotateRobot deleteRobot createSystemRobot updateSystemRobot rotateSystemRobot deleteSystemRobot ' +
    'addRobotAddressRule removeRobotAddressRule addSystemRobotAddressRule removeSystemRobotAddressRule',
  'rule.read': 'listTagRules listAddressRules',
  'rule.write': 'addTagRule removeTagRule addAddressRule removeAddressRule',
  'account.read': 'listAccounts getAccount listTokensOf listAccountAddressRules',
  'account.write':
    'createAccount updateAccount setAccountState resetPassword deleteAccount importAccounts deleteTokenOf addAccountAddressRule ' +
    'removeAccountAddressRule',
  'group.read': 'listGroups getGroup listMembers',
  'group.write': 'createGroup deleteGroup addMember removeMember',
  'role.read': 'listRoles getRole',
  'role.write': 'createRole updateRole deleteRole',
  'job.read': 'listJobKinds listJobs getJob getJobLog followJob listSchedules getSchedule getCollection',
  'job.run': 'startJob cancelJob createSchedule replaceSchedule deleteSchedule startCollection',
  'inventory.read': 'listInventory',
  'inventory.write': 'reportInventory',
}

/** The permission that a route takes, whatever the route says. */
export function permissionOf(route: string): string {
  const found = Object.entries(routesBy).find(([, routes]) => routes.split(' ').includes(route))
  if (found === undefined) throw new Error(`${route} has no line in simulation/access/expectations.ts`)
  return found[0]
}
