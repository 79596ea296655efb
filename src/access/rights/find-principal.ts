import type { Reads } from '../../database/index.ts'
import { accountNamed, groupsOfAccount } from '../accounts/account-store.ts'
import { principalOfAccount, principalOfRobot } from '../login/principals.ts'
import { parseName, parseRobotName, type RobotName } from '../name.ts'
import type { Principal } from '../principal.ts'
import { robotNamed } from '../robots/robot-store.ts'
import { projectNamed } from './rights-store.ts'

/** Who has this name now, with all that is theirs: nothing taken away by a credential. Absent for nobody, and for who is disabled. */
export async function findPrincipal(reads: Reads, name: string): Promise<Principal | undefined> {
  const robot = parseRobotName(name)
  return robot === undefined ? await findAccount(reads, name) : await findRobot(reads, robot)
}

async function findAccount(reads: Reads, name: string): Promise<Principal | undefined> {
  const row = parseName(name) && (await reads.one(accountNamed, name))
  if (row?.state !== 'active') return undefined
  return principalOfAccount(row, (await reads.all(groupsOfAccount, row.id)).map(({ id }) => id))
}

async function findRobot(reads: Reads, { project, name }: RobotName): Promise<Principal | undefined> {
  const projectId = project === undefined ? 0 : (await reads.one(projectNamed, project))?.id
  const row = projectId === undefined ? undefined : await reads.one(robotNamed, projectId, name)
  return row?.state === 'active' ? principalOfRobot(row) : undefined
}
