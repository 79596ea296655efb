import { operation, type Operation } from './operation.ts'

/** What the token service writes. */
export const tokenOperations: readonly Operation[] = [
  operation('add signing key', {
    subject: 'signing key',
    transaction: 'add signing key',
    input: (side) => ({ id: `key ${side}`, privateKey: 'private', publicKey: 'public', after: null }),
    states: ['the lease is over', 'a manifest refers to the layer'],
    records: (result) => (result as { readonly added: boolean }).added,
  }),
]
