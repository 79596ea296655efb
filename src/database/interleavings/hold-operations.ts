import { operation, type Operation } from './operation.ts'

const name = 'backup:1'

/** What keeps the collector from its work, and what lets it go on. */
export const holdOperations: readonly Operation[] = [
  operation('hold collection', {
    subject: 'collection hold',
    transaction: 'hold collection',
    input: () => ({ name, until: null, reason: 'a copy is taken' }),
    states: ['the lease is over', 'a manifest refers to the layer', 'collection is held'],
    promises: ['collection is held'],
    undoes: ['collection is not held'],
    records: () => false,
  }),
  operation('release collection', {
    subject: 'collection release',
    transaction: 'release collection',
    input: () => ({ name }),
    states: ['a manifest refers to the layer', 'collection is held'],
    promises: ['collection is not held'],
    undoes: ['collection is held'],
    records: () => false,
  }),
]
