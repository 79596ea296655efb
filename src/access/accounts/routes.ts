import { z } from 'zod'
import { defineRoute, Problem, type Route } from '../../api/index.ts'
import type { Covers } from '../grants/covers.ts'
import {
  actorOf,
  cut,
  existing,
  granterOf,
  nameShape,
  optionalTime,
  pageByName,
  principalOf,
  timeOf,
  timeShape,
} from '../route-shapes.ts'
import type { Account, Accounts } from './accounts.ts'

const accountSchema = z
  .object({
    name: z.string(),
    displayName: z.string().optional(),
    email: z.string().optional(),
    source: z.string().describe('`local`, or the source of identities that it comes from.'),
    state: z.enum(['active', 'disabled']),
    mustChange: z.boolean().describe('A new password has to be chosen before anything else.'),
    createdAt: timeShape,
    lastLoginAt: timeShape.optional(),
  })
  .meta({ id: 'Account' })

const shown = ({ createdAt, lastLoginAt, ...rest }: Account) => ({
  ...rest,
  createdAt: timeOf(createdAt),
  lastLoginAt: optionalTime(lastLoginAt),
})

const params = z.object({ account: nameShape })
const password = z.string().min(1).max(1024)
const line = z.string().max(255)

const ownPassword = 'change your own password with the present one: PUT /whoami/password'

async function found(accounts: Accounts, name: string) {
  return shown(existing(await accounts.find(name)))
}

export function accountRoutes(accounts: Accounts, covers: Covers): Route[] {
  return [...readingRoutes(accounts), ...changingRoutes(accounts, covers)]
}

function readingRoutes(accounts: Accounts): Route[] {
  return [
    defineRoute({
      id: 'listAccounts',
      method: 'GET',
      path: '/accounts',
      summary: 'The accounts of people, by name.',
      needs: 'account.read',
      status: 200,
      reply: accountSchema,
      list: true,
      handle: async ({ page }) => cut(await accounts.list(pageByName(page)), page.limit, ({ name }) => name, shown),
    }),
    defineRoute({
      id: 'getAccount',
      method: 'GET',
      path: '/accounts/{account}',
      summary: 'An account.',
      needs: 'account.read',
      params,
      status: 200,
      reply: accountSchema,
      handle: async ({ params: { account } }) => await found(accounts, account),
    }),
  ]
}

function changingRoutes(accounts: Accounts, covers: Covers): Route[] {
  const common = { needs: 'account.write', params, status: 204 } as const
  const current = async ({ params: { account } }: { readonly params: { readonly account: string } }) =>
    accountSchema.parse(await found(accounts, account))
  return [
    defineRoute({
      id: 'createAccount',
      method: 'POST',
      path: '/accounts',
      summary: 'Makes an account, whose owner chooses a new password at the first login. Without a password nobody can log in yet.',
      needs: 'account.write',
      body: z.object({ name: nameShape, email: line.optional(), displayName: line.optional(), password: password.optional() }),
      status: 201,
      reply: accountSchema,
      location: ({ name }) => `/accounts/${name}`,
      handle: async ({ caller, body }) => shown(await accounts.create(actorOf(caller), { ...body, mustChange: true })),
    }),
    defineRoute({
      id: 'updateAccount',
      method: 'PATCH',
      path: '/accounts/{account}',
      summary: 'Changes what is shown of an account; null takes it away.',
      needs: 'account.write',
      params,
      body: z.object({ email: line.nullable().optional(), displayName: line.nullable().optional() }),
      status: 200,
      reply: accountSchema,
      current,
      handle: async ({ caller, params: { account }, body }) => shown(await accounts.update(actorOf(caller), account, body)),
    }),
    defineRoute({
      ...common,
      id: 'setAccountState',
      method: 'PUT',
      path: '/accounts/{account}/state',
      summary: 'Disables an account, with everything that acts for it, or lets it in again, unless it may more than the caller.',
      body: z.object({ state: z.enum(['active', 'disabled']) }),
      handle: async ({ caller, params: { account }, body: { state } }) => {
        const { id } = existing(await accounts.find(account))
        if (state === 'active') await covers.check(granterOf(caller), { kind: 'account', id })
        await accounts.setState(actorOf(caller), account, state)
      },
    }),
    defineRoute({
      ...common,
      id: 'resetPassword',
      method: 'PUT',
      path: '/accounts/{account}/password',
      summary: 'Gives another account a new password, which its owner has to change. Not of somebody who may more than the caller.',
      body: z.object({ password }),
      handle: async ({ caller, params: { account }, body }) => {
        const { id } = existing(await accounts.find(account))
        const { kind, id: own } = principalOf(caller)
        // Who found a token of an administrator would make it last, and keep its owner out.
        if (kind === 'account' && own === id) throw new Problem('forbidden', { detail: ownPassword })
        await covers.check(granterOf(caller), { kind: 'account', id })
        await accounts.resetPassword(actorOf(caller), account, body.password)
      },
    }),
    defineRoute({
      ...common,
      id: 'deleteAccount',
      method: 'DELETE',
      path: '/accounts/{account}',
      summary: 'Deletes an account with its tokens and grants.',
      current,
      handle: async ({ caller, params: { account } }) => await accounts.remove(actorOf(caller), account),
    }),
  ]
}
