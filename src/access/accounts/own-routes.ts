import { z } from 'zod'
import { defineRoute, type Route } from '../../api/index.ts'
import { actorOf, principalOf } from '../route-shapes.ts'
import type { Accounts } from './accounts.ts'

const whoami = z
  .object({
    kind: z.enum(['account', 'robot']),
    name: z.string(),
    credential: z.string().describe('What proved it: password, robot, personal, key or bearer.'),
    mustChange: z.boolean().describe('A new password has to be chosen before anything else.'),
    narrowed: z.boolean().describe('The credential allows less than its owner may.'),
    groups: z.array(z.string()),
  })
  .meta({ id: 'Whoami' })

/** What everybody may do with their own. */
export function ownRoutes(accounts: Accounts): Route[] {
  return [
    defineRoute({
      id: 'whoami',
      method: 'GET',
      path: '/whoami',
      summary: 'Who the caller is.',
      needs: 'anybody',
      status: 200,
      reply: whoami,
      handle: async ({ caller }) => {
        const { kind, name, id, mustChange } = principalOf(caller)
        const groups = kind === 'account' ? await accounts.groupsOf(id) : []
        return { kind, name, credential: caller.credential ?? '', mustChange, narrowed: caller.narrowed, groups: groups.map((group) => group.name) }
      },
    }),
    defineRoute({
      id: 'changeOwnPassword',
      method: 'PUT',
      path: '/whoami/password',
      summary: 'Changes the password of the caller, who has to have logged in with the present one.',
      needs: 'new-password',
      body: z.object({ current: z.string().min(1).max(1024), password: z.string().min(1).max(1024) }),
      status: 204,
      handle: async ({ caller, body: { current, password } }) =>
        await accounts.changePassword(actorOf(caller), principalOf(caller).name, current, password),
    }),
  ]
}
