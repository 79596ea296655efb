import type { Database } from '../../database/index.ts'
import { markDamaged } from '../../registry/index.ts'
import type { Finding } from './finding.ts'

/** Does what can be done about a finding, and answers whether it was done. */
export type Repair = (finding: Finding) => Promise<boolean>

export interface RepairDeps {
  readonly database: Database
}

export function createRepair({ database }: RepairDeps): Repair {
  return async ({ remedy }) => {
    if (remedy?.kind !== 'mark damaged') return false
    const { objectId, digest, finding } = remedy
    const outcome = await database.transact(markDamaged, { objectId, digest, finding })
    return 'ok' in outcome && outcome.ok
  }
}
