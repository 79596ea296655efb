import type { Reads } from '../../database/index.ts'
import { parseRobotName, type RobotName } from '../name.ts'
import type { Principal } from '../principal.ts'
import { accountNamed, groupsOfAccount, projectIdOf, robotNamed } from './find-principal-store.ts'

/** Who has this name now, with all that is theirs: nothing taken away by a credential. Absent for nobody, and for who is disabled. */
export async function findPrincipal(reads: Reads, name: string): Promise<Principal | undefined> {
  const robot = parseRobotName(name)
  return robot === undefined ? await findAccount(reads, name) : await findRobot(reads, name, robot)
}

async function findAccount(reads: Reads, name: string): Promise<Principal | undefined> {
  const row = await reads.one(accountNamed, name)
  if (row === undefined) return undefined
  const groups = (await reads.all(groupsOfAccount, row.id)).map(({ id }) => id)
  const { id, version } = row
  return { kind: 'account', id, name, version, groups, project: undefined, ceilings: [], mustChange: row.must_change !== 0 }
}

async function findRobot(reads: Reads, called: string, { project, name }: RobotName): Promise<Principal | undefined> {
  const projectId = project === undefined ? 0 : (await reads.one(projectIdOf, project))?.id
  const row = projectId === undefined ? undefined : await reads.one(robotNamed, projectId, name)
  if (row === undefined) return undefined
  const { id, version } = row
  return { kind: 'robot', id, name: called, version, groups: [], project: row.namespace_id ?? undefined, ceilings: [], mustChange: false }
}
