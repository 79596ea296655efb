import { z } from 'zod'
import {
  decidedOn,
  nameShape,
  type Permission,
  placeOfPath,
  type Principal,
  repositoryBelow,
  repositoryPathShape,
  type Rights,
  timeOf,
  timeShape,
} from '../../access/index.ts'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import { isDigest, type RepositoryName } from '../../oci/index.ts'
import { type DeletePlan, holders, type Some } from './plan.ts'
import type { PlanDelete } from './plan-delete.ts'

export interface PlanRoutesDeps {
  readonly planDelete: PlanDelete
  readonly rights: Pick<Rights, 'decide' | 'projectOf'>
  /** How long things stay that were deleted, in ms. */
  readonly settings: { readonly retention: number; readonly lease: number; readonly drain: number }
}

const count = { count: z.int(), complete: z.boolean().describe('False where there are more than were counted.') }
const digestShape = z.string()
const names = z.object({ ...count, first: z.array(z.string()).describe('The first of them.') })
const neighbours = z.object({ ...count, first: z.array(z.object({ digest: digestShape, artifactType: z.string().optional() })) })
const amount = z.object({ bytes: z.int(), blobs: z.int() })

const planShape = z
  .object({
    kind: z.enum(['tag', 'manifest', 'repository']),
    repository: z.string(),
    tag: z.string().optional(),
    digest: digestShape.optional().describe('Of the manifest, also where a tag is deleted.'),
    tags: names.describe('Tags that go.'),
    manifests: z.object(count).describe('Manifests that go. With a tag none does.'),
    named: z
      .object({ tags: names, indexes: neighbours, subject: digestShape.optional() })
      .describe('What else names the manifest. When a tag is deleted it keeps the manifest; when the manifest is, indexes miss it from then on.'),
    referrers: neighbours.describe('Manifests, such as signatures, whose subject goes. They stay, until a rule finds them.'),
    children: neighbours.describe('Manifests that the deleted index lists. They stay, until a rule finds them.'),
    running: z
      .object({
        ...count,
        lastSeenAt: timeShape.optional(),
        first: z.array(z.object({ cluster: z.string(), seenAt: timeShape })).optional().describe('For whoever may read the inventory.'),
      })
      .describe('Clusters that have reported that it runs there, or an index that lists it.'),
    frees: amount
      .extend({
        complete: z.boolean().describe('False: there is more than was looked at, so this is the least of it.'),
        exact: z.boolean().describe('False: other repositories may hold some of it too, and then it stays. That is told to whoever has system.read.'),
      })
      .describe('What is deleted from the store in the end.'),
    keeps: z
      .array(amount.extend({ by: z.enum(['repository', 'trash', 'elsewhere']) }))
      .describe('What stays though the deleted needs it, since something else does: of this repository, of its trash, or of another repository.'),
    after: z
      .object({ trash: z.int(), lease: z.int(), drain: z.int(), total: z.int() })
      .describe('Seconds until it is freed: so long it can be brought back (trash.retention), children wait for a push that counts on them (gc.lease), and files for downloads (gc.drain).'),
  })
  .meta({ id: 'DeletePlan' })

const query = z.object({ path: repositoryPathShape.describe('The repository below the project; an empty text for the one at the root.') })

export function planRoutes({ planDelete, rights, settings }: PlanRoutesDeps): readonly Route[] {
  const has = async ({ principal, address }: Caller, permission: Permission): Promise<boolean> =>
    (await rights.decide(principal as Principal | undefined, permission, {}, address)).allowed
  return [
    defineRoute({
      id: 'planDelete',
      method: 'POST',
      path: '/projects/{project}/delete-plan',
      summary: 'What deleting a tag, a manifest or a repository would take, leave and free. Nothing is deleted.',
      needs: 'content.delete',
      place: placeOfPath,
      params: z.object({ project: nameShape }),
      query,
      body: z.object({
        tag: z.string().max(128).optional(),
        digest: z.string().max(135).refine(isDigest, 'is no digest').optional().describe('Without it and without a tag: the whole repository.'),
      }),
      status: 200,
      reply: planShape,
      handle: async ({ caller, params: { project: name }, query: { path }, body }) => {
        if (body.tag !== undefined && body.digest !== undefined) {
          throw new Problem('malformed', { errors: [{ at: '/digest', message: 'name a tag or a digest, not both' }] })
        }
        const project = await decidedOn(rights, name)
        const repository = repositoryBelow(project.name, path)
        const sight = { everywhere: await has(caller, 'system.read'), clusters: await has(caller, 'inventory.read') }
        const plan = await planDelete({ ...body, repository, project: project.id }, sight)
        if (plan === undefined) throw new Problem('not-found')
        return shown(plan, { repository, tag: body.tag }, settings)
      },
    }),
  ]
}

const written = <Item>({ first, ...counted }: Some<Item>) => ({ ...counted, first: [...first] })
const seconds = (ms: number): number => Math.ceil(ms / 1000)

function shown(
  { running, keeps, ...plan }: DeletePlan,
  asked: { readonly repository: RepositoryName; readonly tag: string | undefined },
  { retention, lease, drain }: PlanRoutesDeps['settings'],
) {
  const { first, lastSeenAt, ...clusters } = running
  const { tags, indexes, subject } = plan.named
  return {
    ...plan,
    ...asked,
    tags: written(plan.tags),
    named: { tags: written(tags), indexes: written(indexes), subject },
    referrers: written(plan.referrers),
    children: written(plan.children),
    running: {
      ...clusters,
      lastSeenAt: lastSeenAt === undefined ? undefined : timeOf(lastSeenAt),
      first: first?.map(({ cluster, seenAt }) => ({ cluster, seenAt: timeOf(seenAt) })),
    },
    keeps: holders.map((by) => ({ by, ...keeps[by] })).filter(({ blobs }) => blobs > 0),
    after: { trash: seconds(retention), lease: seconds(lease), drain: seconds(drain), total: seconds(retention + lease + drain) },
  }
}
