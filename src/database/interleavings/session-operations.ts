import { heldBack } from './collecting-operations.ts'
import { operation, type Operation } from './operation.ts'
import { actor, drain, expiry, repository, type State } from './rows.ts'

const key = { id: 'first', repository, identity: undefined }
const states: readonly State[] = ['the layer is new', 'the session has not told of its object', 'a manifest refers to the layer']
const silent = { states, records: () => false }

/** What writes an upload session, next to its commit: always the first one. */
export const sessionOperations: readonly Operation[] = [
  operation('expire upload', {
    ...silent,
    states: [...states, 'collection is held'],
    heldBack,
    subject: 'upload expiry',
    transaction: 'expire upload',
    input: () => ({ id: 'first', drain }),
  }),
  operation('begin upload', {
    subject: 'upload begin',
    transaction: 'begin upload',
    input: (side) => ({ ...key, id: side === 0 ? 'third' : 'fourth', actor, owner: 'here', expiry }),
    states: ['nothing is there', 'the repository is not there', 'a manifest refers to the layer'],
    records: () => undefined,
    refusedWhenFrozen: true,
  }),
  operation('claim upload', {
    ...silent,
    subject: 'upload claim',
    transaction: 'claim upload',
    input: (side) => ({ ...key, epoch: 1, expiry, owner: `process ${side}`, objectId: `object ${side}` }),
  }),
  operation('advance upload', {
    ...silent,
    subject: 'upload advance',
    transaction: 'advance upload',
    input: () => ({ ...key, epoch: 1, from: 10, to: 20, bytes: { objectId: 'first' }, expiry, drain }),
  }),
  operation('touch upload', {
    ...silent,
    subject: 'upload touch',
    transaction: 'touch upload',
    input: () => ({ id: 'first', epoch: 1, objectId: 'first', expiry }),
  }),
  operation('name upload object', {
    ...silent,
    subject: 'upload naming',
    transaction: 'name upload object',
    input: () => ({ objectId: 'first', key: 'blobs/first' }),
  }),
  operation('cancel upload', {
    ...silent,
    subject: 'upload cancel',
    transaction: 'cancel upload',
    input: () => ({ ...key, written: 'first', drain }),
  }),
]
