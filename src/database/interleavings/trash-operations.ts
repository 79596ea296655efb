import { heldBack } from './collecting-operations.ts'
import { operation, type Operation } from './operation.ts'
import { actor, layer, lease, repository, trashIds, type State } from './rows.ts'

const retention = 604_800_000
const manifestStates: readonly State[] = ['the manifest is in the trash', 'the manifest and its referrer are in the trash']
const blobStates: readonly State[] = ['the layer is in the trash', 'the layer is in the trash and nothing refers to it']
const purged = (result: unknown): boolean => result === 'purged'

/** Each finds another thing under the same number, by the state that it is run on. */
const id = trashIds.one

/** Deletes that can be undone, what undoes them, and what ends them. */
export const trashOperations: readonly Operation[] = [
  operation('delete tag into the trash', {
    subject: 'delete',
    transaction: 'delete tag',
    input: () => ({ repository, name: 'v1', actor, retention }),
    states: ['a manifest refers to the layer', 'two manifests refer to the layer', 'the tag is in the trash'],
    promises: ['v1 is gone'],
    undoes: ['v1 is manifest', 'v1 is other', 'v1 is plain'],
    refusedWhenFrozen: true,
  }),
  operation('delete manifest into the trash', {
    subject: 'delete',
    transaction: 'delete manifest',
    input: () => ({ repository, digest: 'sha256:manifest', actor, lease, retention }),
    states: ['a manifest refers to the layer', 'two manifests refer to the layer', 'an index refers to the manifest', 'the tag is in the trash', ...manifestStates],
    promises: ['manifest is gone'],
    undoes: ['manifest is here', 'index is closed', 'v1 is manifest', 'nothing is in the trash'],
    refusedWhenFrozen: true,
  }),
  operation('delete blob into the trash', {
    subject: 'delete',
    transaction: 'delete blob',
    input: () => ({ repository, digest: layer, actor, retention }),
    states: ['the lease is over', 'the layer is here and elsewhere', 'a manifest refers to the layer', ...blobStates],
    promises: ['the layer is gone'],
    undoes: ['the layer is here', 'the layer is leased', 'manifest is closed', 'other is closed', 'nothing is in the trash'],
    refusedWhenFrozen: true,
  }),
  operation('restore tag', {
    subject: 'restore',
    transaction: 'restore trash',
    input: () => ({ id, actor, lease }),
    states: ['the tag is in the trash', 'a manifest refers to the layer'],
    undoes: ['v1 is gone'],
    refusedWhenFrozen: true,
  }),
  operation('restore manifest', {
    subject: 'restore',
    transaction: 'restore trash',
    input: () => ({ id, actor, lease }),
    states: manifestStates,
    promises: ['manifest is here', 'manifest is closed', 'nothing is in the trash'],
    undoes: ['manifest is gone', 'v1 is gone'],
    refusedWhenFrozen: true,
  }),
  operation('restore blob', {
    subject: 'restore',
    transaction: 'restore trash',
    input: () => ({ id, actor, lease }),
    states: blobStates,
    promises: ['the layer is here', 'the layer is leased', 'nothing is in the trash'],
    undoes: ['the layer is gone'],
    refusedWhenFrozen: true,
  }),
  operation('purge tag', {
    subject: 'purge',
    transaction: 'purge trash',
    input: () => ({ id, actor, lease }),
    states: ['the tag is in the trash', 'a manifest refers to the layer'],
    refusedWhenFrozen: true,
  }),
  operation('purge manifest', {
    subject: 'purge',
    transaction: 'purge trash',
    input: () => ({ id, actor, lease }),
    states: manifestStates,
    promises: ['manifest is gone', 'the layer is leased'],
    undoes: ['manifest is here'],
    refusedWhenFrozen: true,
  }),
  operation('purge blob', {
    subject: 'purge',
    transaction: 'purge trash',
    input: () => ({ id, actor, lease }),
    states: blobStates,
    promises: ['the layer is gone', 'nothing is in the trash'],
    refusedWhenFrozen: true,
  }),
  operation('collect trash', {
    subject: 'trash collection',
    transaction: 'collect trash',
    input: () => ({ id, lease }),
    states: ['the tag is in the trash', 'a manifest refers to the layer', 'collection is held', ...manifestStates, ...blobStates],
    records: purged,
    heldBack,
  }),
  operation('put off purge', {
    subject: 'purge postponement',
    transaction: 'put off purge',
    input: () => ({ id }),
    states: ['a manifest refers to the layer', 'the manifest is in the trash'],
    records: () => false,
  }),
]
