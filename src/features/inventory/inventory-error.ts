import { CodedError } from '../../lib/index.ts'
import { mostClusters, mostDigests } from './inventory-transactions.ts'

/** What can be wrong with a report. `status` is what HTTP answers. */
const table = {
  INVENTORY_IN_FUTURE: { status: 422, message: 'what was seen lies in the future: set the clock of whoever reports', field: 'seenAt' },
  INVENTORY_OUTDATED: { status: 422, message: 'what was seen is too long ago to count (inventory.retention)', field: 'seenAt' },
  INVENTORY_OLDER: { status: 409, message: 'the cluster has reported something later already; nothing was changed', field: 'seenAt' },
  INVENTORY_TOO_LARGE: { status: 422, message: `no more than ${mostDigests} digests are kept of one cluster`, field: 'digests' },
  INVENTORY_FULL: { status: 422, message: `no more than ${mostClusters} clusters are kept`, field: 'cluster' },
} as const

export type InventoryErrorCode = keyof typeof table

/** A report that was refused; nothing of it is kept. */
export class InventoryError extends CodedError<InventoryErrorCode> {
  constructor(code: InventoryErrorCode) {
    const { field, ...meaning } = table[code]
    super('InventoryError', code, meaning, { field })
  }
}

export function isInventoryErrorCode(text: string): text is InventoryErrorCode {
  return Object.hasOwn(table, text)
}
