import { z } from 'zod'
import { actorOf, cut, pageByName, timeOf, timeShape } from '../../access/index.ts'
import { defineRoute, type Route } from '../../api/index.ts'
import type { Clock } from '../../lib/index.ts'
import { isDigest } from '../../oci/index.ts'
import type { ClusterRow } from './cluster-store.ts'
import type { Inventory } from './inventory.ts'

export interface InventoryRoutesDeps {
  readonly inventory: Inventory
  readonly clock: Clock
}

/** As contexts of Kubernetes are called: `prod`, `arn:aws:eks:eu-west-1:123:cluster/prod`. */
const clusterName = z.string().regex(/^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$/, 'up to 128 letters, digits and ". _ : @ / -", with a letter or digit at the beginning')
const digest = z.string().max(135).refine(isDigest, 'is no digest, such as sha256: and 64 digits')
/** What fits into a body. */
const atOnce = 200

const reportedShape = z
  .object({
    cluster: z.string(),
    seenAt: timeShape,
    countsUntil: timeShape,
    digests: z.int().describe('How many of this cluster count now, whether they are known here or not.'),
  })
  .meta({ id: 'InventoryReport' })

const clusterShape = reportedShape
  .extend({
    counts: z.boolean().describe('False once the report is too old: then it keeps nothing.'),
    reportedAt: timeShape,
    reportedBy: z.string().optional(),
  })
  .meta({ id: 'InventoryCluster' })

export function inventoryRoutes({ inventory, clock }: InventoryRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      id: 'reportInventory',
      method: 'POST',
      path: '/inventory',
      summary: 'Says which digests run in a cluster, instead of what was said of it before. No rule deletes them while the report counts.',
      needs: 'inventory.write',
      body: z.object({
        cluster: clusterName,
        seenAt: z.iso.datetime({ offset: true }).optional().describe('RFC 3339; absent: now.'),
        digests: z.array(digest).max(atOnce).describe('Of manifests and indexes, in any repository; none: nothing runs there.'),
        more: z.boolean().default(false).describe('Further parts with the same `seenAt` follow. The report before counts until the last one has come.'),
      }),
      status: 200,
      reply: reportedShape,
      handle: async ({ caller, body: { seenAt, ...report } }) => {
        const { cluster } = report
        const reported = await inventory.report({ ...report, seenAt: seenAt === undefined ? undefined : Date.parse(seenAt), actor: actorOf(caller) })
        return { cluster, seenAt: timeOf(reported.seenAt), countsUntil: timeOf(reported.countsUntil), digests: reported.digests }
      },
    }),
    defineRoute({
      id: 'listInventory',
      method: 'GET',
      path: '/inventory',
      summary: 'The clusters that have said what runs in them, by name.',
      needs: 'inventory.read',
      status: 200,
      reply: clusterShape,
      list: true,
      handle: async ({ page }) => {
        const { after, limit } = pageByName(page)
        const now = clock.now()
        return cut(await inventory.clusters(after, limit), page.limit, ({ name }) => name, (row) => shown(row, now))
      },
    }),
  ]
}

function shown({ name, seen_at, counts_until, digests, reported_at, reported_by }: ClusterRow, now: number): z.input<typeof clusterShape> {
  return {
    cluster: name,
    seenAt: timeOf(seen_at),
    countsUntil: timeOf(counts_until),
    counts: counts_until > now,
    digests,
    reportedAt: timeOf(reported_at),
    reportedBy: reported_by ?? undefined,
  }
}
