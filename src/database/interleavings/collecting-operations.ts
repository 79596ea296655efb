import { operation, type Operation } from './operation.ts'
import { drain, ids, layer, type State } from './rows.ts'

const removed = (result: unknown): boolean => result === 'removed'
export const heldBack = (result: unknown): boolean => result === 'held'

function collectObject(name: string, objectId: string, states: readonly State[]): Operation {
  return operation(name, {
    subject: 'collect object',
    transaction: 'collect object',
    input: () => ({ objectId, drain }),
    states,
    records: () => false,
    heldBack: (result) => (result as { readonly state: string }).state === 'held',
  })
}

/** What the collector does, and the reader that makes work for it. */
export const collectingOperations: readonly Operation[] = [
  operation('collect link', {
    subject: 'collect link',
    transaction: 'collect link',
    input: () => ({ repositoryId: ids.app, blobId: ids.layer }),
    states: [
      'nothing names the manifest',
      'the layer is leased',
      'the lease is over',
      'the layer is damaged',
      'the layer has no link',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
      'two manifests refer to the layer',
      'a manifest refers to the hidden layer',
      'an index refers to the manifest',
      'the manifest is in the trash',
      'the layer is in the trash',
      'the layer is in the trash and nothing refers to it',
      'the project is being deleted',
      'the project is nearly deleted',
      'the repository is in the trash',
      'collection is held',
    ],
    records: removed,
    heldBack,
  }),
  operation('collect link of the source of a mount', {
    subject: 'collect link',
    transaction: 'collect link',
    input: () => ({ repositoryId: ids.base, blobId: ids.layer }),
    states: [
      'the repository is not there',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
    ],
    records: removed,
    heldBack,
  }),
  operation('collect blob', {
    subject: 'collect blob',
    transaction: 'collect blob',
    input: () => ({ blobId: ids.layer, drain }),
    states: [
      'the lease is over',
      'the layer is damaged',
      'the layer has no link',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
      'the layer is in the trash and nothing refers to it',
      'the project is being deleted',
      'the project is nearly deleted',
      'collection is held',
    ],
    records: removed,
    heldBack,
  }),
  operation('collect blob of a manifest', {
    subject: 'collect blob',
    transaction: 'collect blob',
    input: () => ({ blobId: ids.manifest, drain }),
    states: [
      'nothing names the manifest',
      'a manifest refers to the layer',
      'a manifest refers to the hidden layer',
      'an index refers to the manifest',
      'the manifest was deleted',
      'the manifest is in the trash',
      'the project is being deleted',
    ],
    records: removed,
    heldBack,
  }),
  operation('put off collection', {
    subject: 'postponement',
    transaction: 'put off collection',
    input: () => ({ kind: 'link', key: `${ids.app}:${ids.layer}` }),
    states: ['the lease is over', 'the layer has no link', 'a manifest refers to the layer'],
    records: () => false,
  }),
  operation('mark damaged', {
    subject: 'damage',
    transaction: 'mark damaged',
    input: () => ({ objectId: 'present', digest: layer, finding: 'missing' }),
    states: ['the lease is over', 'the layer has no link', 'a manifest refers to the layer'],
    records: (result) => result === true,
    undoes: ['the layer is here', 'manifest is closed', 'other is closed'],
  }),
  operation('restore object', {
    subject: 'restoration',
    transaction: 'restore object',
    input: () => ({ objectId: 'present', digest: layer }),
    states: ['the layer is damaged', 'the lease is over', 'a manifest refers to the layer'],
    records: (result) => result === true,
  }),
  operation('drop content', {
    subject: 'content damage',
    transaction: 'drop content',
    input: () => ({ blobId: ids.manifest }),
    states: ['a manifest refers to the layer', 'an index refers to the manifest', 'the manifest was deleted'],
    records: (result) => result === true,
  }),
  operation('take scrub turn', {
    subject: 'scrub turn',
    transaction: 'take scrub turn',
    input: () => ({ node: 'one', position: { check: 'objects' }, over: false }),
    states: ['a manifest refers to the layer'],
    records: () => false,
  }),
  operation('queue again', {
    subject: 'queueing again',
    transaction: 'queue again',
    input: () => ({ kind: 'link', key: `${ids.app}:${ids.layer}`, wait: 0 }),
    states: ['the lease is over', 'the layer has no link', 'a manifest refers to the layer'],
    records: () => false,
  }),
  collectObject('collect object being written', 'first', [
    'the layer is new',
    'the session has not told of its object',
    'a manifest refers to the layer',
  ]),
  collectObject('collect object of the layer', 'present', [
    'the lease is over',
    'the layer has no link',
    'a manifest refers to the layer',
    'collection is held',
  ]),
  collectObject('collect doomed object', 'old', ['a manifest refers to the layer', 'collection is held']),
  operation('forget object', {
    subject: 'forget object',
    transaction: 'forget object',
    input: () => ({ objectId: 'old' }),
    states: ['a manifest refers to the layer'],
    records: () => false,
  }),
]
