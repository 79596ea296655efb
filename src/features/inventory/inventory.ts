import type { Database } from '../../database/index.ts'
import { clusterPage, type ClusterRow } from './cluster-store.ts'
import { InventoryError, isInventoryErrorCode } from './inventory-error.ts'
import { reportInventory, type ReportInput, type Reported } from './inventory-transactions.ts'

/** What runs where, as clusters report it. */
export interface Inventory {
  /** Fails with an InventoryError. */
  report(input: Omit<ReportInput, 'retention'>): Promise<Reported>
  /** By their names, those after `last`. */
  clusters(last: string, limit: number): Promise<readonly ClusterRow[]>
}

export interface InventoryDeps {
  readonly database: Database
  /** How long a report counts after what it says was seen, in ms. */
  readonly retention: number
}

export function createInventory({ database, retention }: InventoryDeps): Inventory {
  return Object.freeze<Inventory>({
    report: async (input) => {
      const outcome = await database.transact(reportInventory, { ...input, digests: [...new Set(input.digests)], retention })
      if ('ok' in outcome) return outcome.ok
      if (!isInventoryErrorCode(outcome.refused)) throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
      throw new InventoryError(outcome.refused)
    },
    clusters: async (last, limit) => await database.all(clusterPage, last, limit),
  })
}
