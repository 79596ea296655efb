import { z } from 'zod'
import { defineRoute, type Route } from '../../api/index.ts'
import { cut, existing, granterOf, nameShape, pageByName, permissionShape } from '../route-shapes.ts'
import { builtInRoles } from './built-in-roles.ts'
import type { CustomRoles, RoleEntry } from './custom-roles.ts'

const roleSchema = z.object({ name: z.string(), permissions: z.array(permissionShape), builtIn: z.boolean() }).meta({ id: 'Role' })
const permissions = z.array(permissionShape).min(1).max(64)
const params = z.object({ role: nameShape })

const builtIn: readonly RoleEntry[] = Object.entries(builtInRoles).map(([name, given]) => ({ name, permissions: given, builtIn: true }))
const shown = ({ permissions, ...rest }: RoleEntry) => ({ ...rest, permissions: [...permissions] })
const byName = (a: RoleEntry, b: RoleEntry): number => (a.name < b.name ? -1 : 1)

async function found(roles: CustomRoles, name: string) {
  return shown(existing(await roles.find(name)))
}

export function roleRoutes(roles: CustomRoles): Route[] {
  return [
    defineRoute({
      id: 'listRoles',
      method: 'GET',
      path: '/roles',
      summary: 'The roles there are, by name.',
      needs: 'role.read',
      status: 200,
      reply: roleSchema,
      list: true,
      handle: async ({ page }) => {
        const { after, limit } = pageByName(page)
        const all = [...builtIn.filter(({ name }) => name > after), ...(await roles.list({ after, limit }))].toSorted(byName)
        return cut(all, page.limit, ({ name }) => name, shown)
      },
    }),
    defineRoute({
      id: 'getRole',
      method: 'GET',
      path: '/roles/{role}',
      summary: 'A role.',
      needs: 'role.read',
      params,
      status: 200,
      reply: roleSchema,
      handle: async ({ params: { role } }) => await found(roles, role),
    }),
    ...changingRoutes(roles),
  ]
}

function changingRoutes(roles: CustomRoles): Route[] {
  const current = async ({ params: { role } }: { readonly params: { readonly role: string } }) =>
    roleSchema.parse(await found(roles, role))
  return [
    defineRoute({
      id: 'createRole',
      method: 'POST',
      path: '/roles',
      summary: 'Makes a role of permissions that its maker has.',
      needs: 'role.write',
      body: z.object({ name: nameShape, permissions }),
      status: 201,
      reply: roleSchema,
      location: ({ name }) => `/roles/${name}`,
      handle: async ({ caller, body: { name, permissions } }) => {
        await roles.create(granterOf(caller), name, permissions)
        return await found(roles, name)
      },
    }),
    defineRoute({
      id: 'updateRole',
      method: 'PUT',
      path: '/roles/{role}',
      summary: 'Changes the permissions of a role, for everybody who has it.',
      needs: 'role.write',
      params,
      body: z.object({ permissions }),
      status: 200,
      reply: roleSchema,
      current,
      handle: async ({ caller, params: { role }, body: { permissions } }) => {
        await roles.update(granterOf(caller), role, permissions)
        return await found(roles, role)
      },
    }),
    defineRoute({
      id: 'deleteRole',
      method: 'DELETE',
      path: '/roles/{role}',
      summary: 'Deletes a role that nobody has.',
      needs: 'role.write',
      params,
      status: 204,
      current,
      handle: async ({ caller, params: { role } }) => await roles.remove(granterOf(caller), role),
    }),
  ]
}
