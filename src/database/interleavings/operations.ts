import { accessOperations } from './access-operations.ts'
import { collectingOperations } from './collecting-operations.ts'
import { holdOperations } from './hold-operations.ts'
import { inventoryOperations } from './inventory-operations.ts'
import { identityOperations } from './identity-operations.ts'
import { jobOperations } from './job-operations.ts'
import { operation, type Operation } from './operation.ts'
import { projectOperations } from './project-operations.ts'
import { pushOperations } from './push-operations.ts'
import { actor, layer, lease, repository } from './rows.ts'
import { repositoryOperations } from './repository-operations.ts'
import { sessionOperations } from './session-operations.ts'
import { untaggedOperations } from './untagged-operations.ts'
import { tokenOperations } from './token-operations.ts'
import { trashOperations } from './trash-operations.ts'
import { usageOperations } from './usage-operations.ts'

const removingOperations: readonly Operation[] = [
  operation('delete tag', {
    subject: 'delete',
    transaction: 'delete tag',
    input: () => ({ repository, name: 'v1', actor }),
    states: ['a manifest refers to the layer', 'two manifests refer to the layer', 'a manifest refers to the hidden layer'],
    promises: ['v1 is gone'],
    undoes: ['v1 is manifest', 'v1 is other', 'v1 is plain'],
    refusedWhenFrozen: true,
  }),
  operation('delete tag that names the manifest', {
    subject: 'delete',
    transaction: 'delete tag',
    input: () => ({ repository, name: 'v1', actor, precondition: { match: ['sha256:manifest'] } }),
    states: ['a manifest refers to the layer', 'two manifests refer to the layer'],
    promises: ['v1 is gone'],
    undoes: ['v1 is manifest', 'v1 is other', 'v1 is plain'],
    refusedWhenFrozen: true,
  }),
  operation('delete manifest', {
    subject: 'delete',
    transaction: 'delete manifest',
    input: () => ({ repository, digest: 'sha256:manifest', actor, lease }),
    states: [
      'nothing names the manifest',
      'nothing names the index',
      'a manifest refers to the layer',
      'two manifests refer to the layer',
      'a manifest refers to the hidden layer',
      'an index refers to the manifest',
      'the manifest is in the trash',
      'the tag is in the trash',
      'the project is being deleted',
    ],
    promises: ['manifest is gone', 'the layer is leased'],
    undoes: ['manifest is here', 'index is closed', 'v1 is manifest'],
    refusedWhenFrozen: true,
  }),
  operation('delete sparse manifest', {
    subject: 'delete',
    transaction: 'delete manifest',
    input: () => ({ repository, digest: 'sha256:manifest', actor, lease }),
    states: ['a manifest waits for the layer', 'a manifest waits for the layer, which is elsewhere'],
    promises: ['manifest is gone'],
    undoes: ['manifest is here', 'v1 is manifest'],
    refusedWhenFrozen: true,
  }),
  operation('delete blob', {
    subject: 'delete',
    transaction: 'delete blob',
    input: () => ({ repository, digest: layer, actor }),
    states: [
      'nothing names the manifest',
      'the layer is leased',
      'the lease is over',
      'the layer is elsewhere',
      'the layer is here and elsewhere',
      'a manifest refers to the layer',
      'a manifest refers to the hidden layer',
      'the layer is in the trash',
    ],
    promises: ['the layer is gone'],
    undoes: ['the layer is here', 'the layer is leased', 'manifest is closed', 'other is closed'],
    refusedWhenFrozen: true,
  }),
  operation('revert tag', {
    subject: 'tag create',
    transaction: 'revert tag',
    input: () => ({ repository, actor, tag: { name: 'v1', mayCreate: true, mayMove: true }, to: { digest: 'sha256:manifest' } }),
    states: ['a manifest refers to the layer', 'two manifests refer to the layer', 'an index refers to the manifest', 'the manifest was deleted', 'the project is being deleted'],
    promises: ['v1 is manifest'],
    undoes: ['v1 is other', 'v1 is plain', 'v1 is gone'],
    refusedWhenFrozen: true,
  }),
  operation('revert tag that names the other manifest', {
    subject: 'tag create',
    transaction: 'revert tag',
    input: () => ({
      repository,
      actor,
      tag: { name: 'v1', mayCreate: true, mayMove: true },
      to: { digest: 'sha256:manifest' },
      precondition: { match: ['sha256:other'] },
    }),
    states: ['two manifests refer to the layer'],
    promises: ['v1 is manifest'],
    undoes: ['v1 is other', 'v1 is plain', 'v1 is gone'],
    refusedWhenFrozen: true,
  }),
  operation('freeze', {
    subject: 'state change',
    transaction: 'change repository state',
    input: () => ({ repository, state: 'frozen', actor }),
    states: ['nothing names the manifest', 'the repository is not there', 'the layer is new', 'the lease is over', 'a manifest refers to the layer'],
    promises: ['the repository is frozen'],
  }),
]

/** Every operation meets every other one, itself included, in all states that both are run on. */
export const operations: readonly Operation[] = [
  ...untaggedOperations,
  ...pushOperations,
  ...removingOperations,
  ...trashOperations,
  ...sessionOperations,
  ...collectingOperations,
  ...holdOperations,
  ...tokenOperations,
  ...usageOperations,
  ...projectOperations,
  ...repositoryOperations,
  ...accessOperations,
  ...identityOperations,
  ...jobOperations,
  ...inventoryOperations,
]

export function operationNamed(name: string): Operation {
  const found = operations.find((each) => each.name === name)
  if (found === undefined) throw new Error(`no operation "${name}"`)
  return found
}
