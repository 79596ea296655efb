import { heldBack } from './collecting-operations.ts'
import { operation, type Operation } from './operation.ts'
import { ids, lease, type State } from './rows.ts'

const unnamedFor = 7_200_000

function collectManifest(name: string, digest: string, states: readonly State[], retention = 0): Operation {
  return operation(name, {
    subject: 'collect manifest',
    transaction: 'collect manifest',
    input: () => ({ repositoryId: ids.app, digest, unnamedFor, lease, retention }),
    states,
    // What was acknowledged meanwhile is here afterwards, whichever of the two came first: it undoes nothing.
    records: (result) => result === 'removed',
    heldBack,
  })
}

/** The rule about untagged manifests. */
export const untaggedOperations: readonly Operation[] = [
  collectManifest('collect manifest', 'sha256:manifest', [
    'nothing names the manifest',
    'nothing names the index',
    'a manifest refers to the layer',
    'two manifests refer to the layer',
    'an index refers to the manifest',
    'the manifest is in the trash',
    'the tag is in the trash',
    'collection is held',
  ]),
  collectManifest('collect manifest into the trash', 'sha256:manifest', ['nothing names the manifest', 'nothing names the index', 'two manifests refer to the layer', 'the tag is in the trash'], lease),
  collectManifest('collect index', 'sha256:index', ['nothing names the index', 'an index refers to the manifest']),
  operation('queue a manifest again', {
    subject: 'queueing again',
    transaction: 'queue again',
    input: () => ({ kind: 'manifest', key: `${ids.app}:sha256:manifest`, wait: 0 }),
    states: ['nothing names the manifest', 'nothing names the index', 'two manifests refer to the layer'],
    records: () => false,
  }),
  operation('put off manifest', {
    subject: 'postponement',
    transaction: 'put off manifest',
    input: () => ({ repositoryId: ids.app, digest: 'sha256:manifest', unnamedFor }),
    states: ['nothing names the manifest', 'two manifests refer to the layer'],
    records: () => false,
  }),
]
