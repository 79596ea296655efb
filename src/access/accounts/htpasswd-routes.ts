import { z } from 'zod'
import { defineRoute, type Route } from '../../api/index.ts'
import type { Identities } from '../create-identities.ts'
import { actorOf } from '../route-shapes.ts'
import { largestHtpasswd } from './htpasswd.ts'

const imported = z
  .object({
    imported: z.array(z.string()).describe('Names of the accounts that were made.'),
    skipped: z.array(
      z.object({
        line: z.number().int().describe('Counted from 1.'),
        reason: z
          .enum(['name', 'hash', 'cost', 'exists'])
          .describe('No account can have the name; the hash is not bcrypt; it takes too long to check; the account is there already.'),
      }),
    ),
  })
  .meta({ id: 'AccountImport' })

export function htpasswdRoutes({ importHtpasswd }: Pick<Identities, 'importHtpasswd'>): Route[] {
  return [
    defineRoute({
      id: 'importAccounts',
      method: 'POST',
      path: '/account-imports',
      summary: 'Makes accounts, without rights, of lines that htpasswd wrote with bcrypt. Their owners log in with the passwords they have.',
      needs: 'account.write',
      body: z.object({ htpasswd: z.string().max(largestHtpasswd) }),
      status: 200,
      reply: imported,
      handle: async ({ body: { htpasswd }, decideStep }) =>
        await importHtpasswd((step) => decideStep((caller) => step(actorOf(caller))), htpasswd),
    }),
  ]
}
