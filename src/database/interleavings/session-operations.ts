import { heldBack } from './collecting-operations.ts'
import { operation, type Operation } from './operation.ts'
import { actor, drain, expiry, may, repository, type State } from './rows.ts'

const key = { id: 'first', repository, identity: undefined, may }
/** Nothing was written in it yet. */
const begun = { ...key, id: 'third' }
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
  operation('claim upload', {
    ...silent,
    subject: 'upload claim',
    transaction: 'claim upload',
    input: (side) => ({ ...key, actor, epoch: 1, expiry, owner: `process ${side}`, objectId: `object ${side}` }),
  }),
  operation('claim a session without a row', {
    subject: 'upload begin',
    transaction: 'claim upload',
    input: (side) => ({ ...begun, actor, epoch: 0, expiry, owner: `process ${side}`, objectId: `object ${side}` }),
    states: ['nothing is there', 'the repository is not there', 'a manifest refers to the layer'],
    records: () => undefined,
    refusedWhenFrozen: true,
  }),
  operation('write the first bytes of a session', {
    subject: 'upload begin',
    transaction: 'advance upload',
    input: (side) => {
      const bytes = { head: new TextEncoder().encode(`first ${side}`) }
      return { ...begun, actor, epoch: 0, owner: `process ${side}`, from: 0, to: 7, bytes, expiry, drain }
    },
    states: ['nothing is there', 'the repository is not there', 'a manifest refers to the layer'],
    records: () => undefined,
    refusedWhenFrozen: true,
  }),
  operation('advance upload', {
    ...silent,
    subject: 'upload advance',
    transaction: 'advance upload',
    input: () => ({ ...key, actor, epoch: 1, owner: 'here', from: 10, to: 20, bytes: { objectId: 'first' }, expiry, drain }),
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
    input: () => ({ ...key, written: 'first', forget: expiry, drain }),
  }),
  operation('cancel a session without a row', {
    subject: 'upload cancel',
    transaction: 'cancel upload',
    input: () => ({ ...begun, written: undefined, forget: expiry, drain }),
    states: ['nothing is there', 'a manifest refers to the layer'],
    records: () => false,
  }),
]
