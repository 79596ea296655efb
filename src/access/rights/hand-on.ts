import type { Database } from '../../database/index.ts'
import type { EventActor } from '../../record/index.ts'
import { AccessError } from '../access-error.ts'
import { permissions as table, type Permission } from '../permissions.ts'
import type { Principal } from '../principal.ts'
import { countsAs } from '../roles/built-in-roles.ts'
import type { Rights } from './rights.ts'
import { tagRuleNaming } from './tag-rule-store.ts'

/** Who changes the rights of others. */
export interface Granter {
  readonly principal: Principal
  readonly actor: EventActor
}

/**
 * Fails with WIDER unless the granter holds all of the permissions there: nobody gives others, or by way of them himself, what is not
 * his.
 *
 * @param project its name; absent for the whole system
 */
export async function checkHeld(
  rights: Rights,
  { principal }: Granter,
  permissions: readonly Permission[],
  project: string | undefined,
): Promise<void> {
  for (const permission of permissions) {
    // What belongs to the system counts in no project, so it is not handed on there either.
    if (project !== undefined && table[permission].scope === 'system') continue
    if (await rights.holds(principal, permission, { project })) continue
    throw new AccessError('WIDER', { message: `you do not have ${permission} there, so you cannot give it` })
  }
}

/** A role somewhere, with what it gives. */
export interface RoleThere {
  readonly role: string
  readonly permissions: readonly Permission[]
  /** Its name; absent for the whole system. */
  readonly project: string | undefined
}

/**
 * As `checkHeld`, for a role. What tag rules leave to a role by its name comes with it as well, whatever its permissions are: such a role is for
 * those who may change the rules.
 */
export async function checkRoleHeld(
  { database, rights }: { readonly database: Database; readonly rights: Rights },
  by: Granter,
  { role, permissions, project }: RoleThere,
): Promise<void> {
  await checkHeld(rights, by, permissions, project)
  if (!permissions.some((permission) => permission.startsWith('tag.'))) return
  if (!(await isNamed(database, project, role)) || (await rights.holds(by.principal, 'rule.write', { project }))) return
  throw new AccessError('WIDER', { message: `tag rules leave tags to the role ${role}: to give it takes rule.write there` })
}

async function isNamed(database: Database, project: string | undefined, role: string): Promise<boolean> {
  // In the whole system it could be the rule of any project.
  if (project === undefined) return true
  for (const one of countsAs(role)) {
    if ((await database.one(tagRuleNaming, project, one)) !== undefined) return true
  }
  return false
}
