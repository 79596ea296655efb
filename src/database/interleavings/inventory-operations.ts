import { operation, type Operation } from './operation.ts'
import { actor, lease, now, type State } from './rows.ts'

const here: readonly State[] = ['a manifest refers to the layer']
const report = { seenAt: now, more: false, retention: lease, actor }

/** Reports of one cluster come one after the other; those of two have nothing in common but the third, whose time is over. */
export const inventoryOperations: readonly Operation[] = [
  operation('report inventory', {
    subject: 'inventory',
    transaction: 'report inventory',
    input: () => ({ ...report, cluster: 'prod', digests: ['sha256:manifest'] }),
    states: here,
  }),
  operation('report part of an inventory', {
    subject: 'inventory',
    transaction: 'report inventory',
    input: () => ({ ...report, cluster: 'prod', digests: ['sha256:index'], more: true }),
    states: here,
  }),
  operation('report inventory of a new cluster', {
    subject: 'inventory',
    transaction: 'report inventory',
    input: () => ({ ...report, cluster: 'new', digests: ['sha256:manifest'] }),
    states: here,
  }),
]
