import type { Database } from '../../database/index.ts'
import { type Permission, readPermissions } from '../permissions.ts'
import { granted } from '../refusal.ts'
import { checkHeld, checkRoleHeld, type Granter } from '../rights/hand-on.ts'
import type { Rights } from '../rights/rights.ts'
import { builtInRoles } from './built-in-roles.ts'
import { roleNamed, rolesInOrder, type RoleListRow } from './role-store.ts'
import { createRole, removeRole, updateRole } from './role-transactions.ts'

export interface RoleEntry {
  readonly name: string
  readonly permissions: readonly Permission[]
  readonly builtIn: boolean
}

/** Whoever changes roles has been allowed to by `Rights.decide` (`role.write`). Calls fail with AccessError. */
export interface CustomRoles {
  /** Fails with EXISTS, or WIDER: a permission that the granter does not have in the whole system. */
  create(by: Granter, name: string, permissions: readonly Permission[]): Promise<void>
  /** Fails with NOT_FOUND or WIDER, also where tags are added that rules leave to the role. What is built in does not change. */
  update(by: Granter, name: string, permissions: readonly Permission[]): Promise<void>
  /** Fails with NOT_FOUND or IN_USE. */
  remove(by: Granter, name: string): Promise<void>
  /** Any role, by its name. */
  find(name: string): Promise<RoleEntry | undefined>
  /** Those that people made, in the order of their names, after `after`. */
  list(page: { readonly after: string; readonly limit: number }): Promise<RoleEntry[]>
}

export function createCustomRoles(deps: { readonly database: Database; readonly rights: Rights }): CustomRoles {
  const { database, rights } = deps
  const change =
    (transaction: typeof createRole): CustomRoles['create'] =>
    async (by, name, permissions) => {
      await checkHeld(rights, by, permissions, undefined)
      granted(await database.transact(transaction, { actor: by.actor, name, permissions: [...new Set(permissions)] }))
    }
  const update = change(updateRole)
  return Object.freeze<CustomRoles>({
    create: change(createRole),
    update: async (by, name, permissions) => {
      // Whoever was granted the role gets what is added as if it were granted now.
      const row = await database.one(roleNamed, name)
      const before = row === undefined ? [] : entryOf(row).permissions
      const added = permissions.filter((permission) => !before.includes(permission))
      await checkRoleHeld(deps, by, { role: name, permissions: added, project: undefined })
      await update(by, name, permissions)
    },
    remove: async ({ actor }, name) => {
      granted(await database.transact(removeRole, { actor, name }))
    },
    find: async (name) => {
      const permissions = Object.hasOwn(builtInRoles, name) ? builtInRoles[name] : undefined
      if (permissions !== undefined) return { name, permissions, builtIn: true }
      const row = await database.one(roleNamed, name)
      return row && entryOf(row)
    },
    list: async ({ after, limit }) => (await database.all(rolesInOrder, after, limit)).map(entryOf),
  })
}

function entryOf({ name, permissions }: RoleListRow): RoleEntry {
  return { name, permissions: readPermissions(permissions), builtIn: false }
}
