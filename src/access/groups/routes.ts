import { z } from 'zod'
import { defineRoute, type Route } from '../../api/index.ts'
import type { Covers } from '../grants/covers.ts'
import { actorOf, cut, existing, granterOf, nameShape, pageById, pageByName, timeOf, timeShape } from '../route-shapes.ts'
import type { Group, Groups } from './groups.ts'

const groupSchema = z
  .object({ name: z.string(), source: z.string().describe('`local`, or the source that decides who is in it.'), createdAt: timeShape })
  .meta({ id: 'Group' })

const memberSchema = z.object({ name: z.string(), source: z.string() }).meta({ id: 'Member' })

const shown = ({ name, source, createdAt }: Group) => ({ name, source, createdAt: timeOf(createdAt) })
const params = z.object({ group: nameShape })

async function found(groups: Groups, name: string): Promise<Group> {
  return existing(await groups.find(name))
}

export function groupRoutes(groups: Groups, covers: Covers): Route[] {
  return [...readingRoutes(groups), ...changingRoutes(groups, covers)]
}

function readingRoutes(groups: Groups): Route[] {
  return [
    defineRoute({
      id: 'listGroups',
      method: 'GET',
      path: '/groups',
      summary: 'The groups of accounts, by name.',
      needs: 'group.read',
      status: 200,
      reply: groupSchema,
      list: true,
      handle: async ({ page }) => cut(await groups.list(pageByName(page)), page.limit, ({ name }) => name, shown),
    }),
    defineRoute({
      id: 'getGroup',
      method: 'GET',
      path: '/groups/{group}',
      summary: 'A group.',
      needs: 'group.read',
      params,
      status: 200,
      reply: groupSchema,
      handle: async ({ params: { group } }) => shown(await found(groups, group)),
    }),
    defineRoute({
      id: 'listMembers',
      method: 'GET',
      path: '/groups/{group}/members',
      summary: 'The accounts in a group, in the order in which they were made.',
      needs: 'group.read',
      params,
      status: 200,
      reply: memberSchema,
      list: true,
      handle: async ({ params: { group }, page }) => {
        const { id } = await found(groups, group)
        return cut(await groups.members(id, pageById(page)), page.limit, (member) => String(member.id), (member) => member)
      },
    }),
  ]
}

function changingRoutes(groups: Groups, covers: Covers): Route[] {
  const member = { needs: 'group.write', params: params.extend({ account: nameShape }), status: 204, path: '/groups/{group}/members/{account}' } as const
  return [
    defineRoute({
      id: 'createGroup',
      method: 'POST',
      path: '/groups',
      summary: 'Makes a group.',
      needs: 'group.write',
      body: z.object({ name: nameShape }),
      status: 201,
      reply: groupSchema,
      location: ({ name }) => `/groups/${name}`,
      handle: async ({ caller, body: { name } }) => shown(await groups.create(actorOf(caller), name)),
    }),
    defineRoute({
      id: 'deleteGroup',
      method: 'DELETE',
      path: '/groups/{group}',
      summary: 'Deletes a group with what it was granted.',
      needs: 'group.write',
      params,
      status: 204,
      current: async ({ params: { group } }) => groupSchema.parse(shown(await found(groups, group))),
      handle: async ({ caller, params: { group } }) => await groups.remove(actorOf(caller), group),
    }),
    defineRoute({
      ...member,
      id: 'addMember',
      method: 'PUT',
      summary: 'Puts an account into a group that may no more than the caller.',
      handle: async ({ caller, params: { group, account } }) => {
        const { id } = await found(groups, group)
        await covers.check(granterOf(caller), { kind: 'group', id })
        await groups.addMember(actorOf(caller), group, account)
      },
    }),
    defineRoute({
      ...member,
      id: 'removeMember',
      method: 'DELETE',
      summary: 'Takes an account out of a group.',
      handle: async ({ caller, params: { group, account } }) => await groups.removeMember(actorOf(caller), group, account),
    }),
  ]
}
