import { operation, type Operation } from './operation.ts'
import { accessIds, actor, now } from './rows.ts'

/** What the token service writes. */
export const tokenOperations: readonly Operation[] = [
  operation('add signing key', {
    subject: 'signing key',
    transaction: 'add signing key',
    input: (side) => ({ id: `key ${side}`, privateKey: 'private', publicKey: 'public', after: null }),
    states: ['the lease is over', 'a manifest refers to the layer'],
    records: (result) => (result as { readonly added: boolean }).added,
  }),
  operation('create refresh token', {
    subject: 'token',
    transaction: 'create refresh token',
    input: (side) => ({ account: accessIds.alice, version: 1, name: 'docker', hash: `refresh ${side}`, service: 'berth', expiresAt: now + 1, actor }),
    states: ['a manifest refers to the layer'],
  }),
]
