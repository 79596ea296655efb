import { z } from 'zod'
import { type Caller, defineRoute, type Route } from '../../api/index.ts'
import type { Accounts } from '../accounts/accounts.ts'
import type { Covers } from '../grants/covers.ts'
import type { Rights } from '../rights/rights.ts'
import type { Robots } from '../robots/robots.ts'
import { cut, decidedOn, existing, granterOf, idShape, nameShape, pageById, permissionShape, placeOf, timeOf, timeShape } from '../route-shapes.ts'
import type { RuleOwner } from './rule-transactions.ts'
import type { Rules } from './rules.ts'

export interface AddressRuleRoutesDeps {
  readonly covers: Covers
  readonly rules: Rules
  readonly rights: Rights
  readonly accounts: Accounts
  readonly robots: Robots
}

const ruleSchema = z
  .object({
    id: z.string(),
    networks: z.array(z.string()),
    permissions: z.array(permissionShape).optional().describe('Absent: all.'),
    createdAt: timeShape,
  })
  .meta({ id: 'AddressRule' })

const created = z.object({ id: z.string() }).meta({ id: 'NewAddressRule' })
const network = z.string().regex(/^[0-9a-fA-F.:]{2,45}(\/\d{1,3})?$/)
const body = z.object({ networks: z.array(network).min(1).max(100), permissions: z.array(permissionShape).min(1).max(64).optional() })

type Names = Readonly<Record<'project' | 'account' | 'robot', string | undefined>>

/** Whose rules: a project's, an account's, a robot's of a project or of the system. */
interface Owner {
  /** In the names of the operations. */
  readonly of: string
  readonly path: string
  readonly what: string
  readonly read: string
  readonly write: string
  readonly shape: z.ZodRawShape
}

const owners: readonly Owner[] = [
  { of: '', path: '/projects/{project}', what: 'a project', read: 'rule.read', write: 'rule.write', shape: { project: nameShape } },
  { of: 'Account', path: '/accounts/{account}', what: 'an account', read: 'account.read', write: 'account.write', shape: { account: nameShape } },
  {
    of: 'Robot',
    path: '/projects/{project}/robots/{robot}',
    what: 'a robot of a project',
    read: 'robot.read',
    write: 'robot.write',
    shape: { project: nameShape, robot: nameShape },
  },
  { of: 'SystemRobot', path: '/robots/{robot}', what: 'a robot of the system', read: 'robot.read', write: 'robot.write', shape: { robot: nameShape } },
]

export function addressRuleRoutes(deps: AddressRuleRoutesDeps): Route[] {
  return owners.flatMap((owner) => routesOf(owner, deps))
}

function routesOf({ of, path, what, read, write, shape }: Owner, deps: AddressRuleRoutesDeps): Route[] {
  const { rules } = deps
  const params = z.object(shape) as unknown as z.ZodType<Names> & z.ZodObject
  const one = z.object({ ...shape, rule: idShape }) as unknown as z.ZodType<Names & { readonly rule: string }> & z.ZodObject
  return [
    defineRoute({
      id: `list${of}AddressRules`,
      method: 'GET',
      path: `${path}/address-rules`,
      summary: `The rules for addresses of ${what}.`,
      needs: read,
      place: placeOf,
      params,
      status: 200,
      reply: ruleSchema,
      list: true,
      handle: async ({ params, page }) => {
        const found = await rules.addressRules(await ownerOf(deps, params as Names), pageById(page))
        return cut(found, page.limit, ({ id }) => String(id), ({ id, networks, permissions, createdAt }) => ({
          id: String(id),
          networks: networks.split(',').map((network) => network.trim()),
          permissions: permissions && [...permissions],
          createdAt: timeOf(createdAt),
        }))
      },
    }),
    defineRoute({
      id: `add${of}AddressRule`,
      method: 'POST',
      path: `${path}/address-rules`,
      summary: `Only these networks may use ${what}.`,
      needs: write,
      place: placeOf,
      params,
      body,
      status: 201,
      reply: created,
      handle: async ({ caller, params, body: { networks, permissions } }) => {
        const rule = { networks: networks.join(', '), permissions }
        return { id: String(await rules.addAddressRule(granterOf(caller), await coveredOwner(deps, caller, params as Names), rule)) }
      },
    }),
    defineRoute({
      id: `remove${of}AddressRule`,
      method: 'DELETE',
      path: `${path}/address-rules/{rule}`,
      summary: `Removes a rule for addresses of ${what}.`,
      needs: write,
      place: placeOf,
      params: one,
      status: 204,
      handle: async ({ caller, params }) => {
        const { rule } = params as { readonly rule: string }
        await rules.removeAddressRule(granterOf(caller), await coveredOwner(deps, caller, params as unknown as Names), Number(rule))
      },
    }),
  ]
}

async function ownerOf({ rights, accounts, robots }: AddressRuleRoutesDeps, { project, account, robot }: Names): Promise<RuleOwner> {
  const facts = await decidedOn(rights, project)
  if (account !== undefined) return { kind: 'account', id: existing(await accounts.find(account)).id }
  if (robot !== undefined) return { kind: 'robot', id: existing(await robots.find(facts, robot)).id }
  return { kind: 'project', id: existing(facts).id }
}

/**
 * Whose rules the caller may change. The attacker: whoever may write accounts, and shuts every administrator out with rules that no address
 * fits, or opens their accounts to the network that a stolen password is used from.
 */
async function coveredOwner(deps: AddressRuleRoutesDeps, caller: Caller, names: Names): Promise<RuleOwner> {
  const owner = await ownerOf(deps, names)
  if (owner.kind !== 'project') await deps.covers.check(granterOf(caller), { kind: owner.kind, id: owner.id })
  return owner
}
