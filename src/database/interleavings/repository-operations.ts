import { operation, type Operation } from './operation.ts'
import { actor, lease, repository, type State } from './rows.ts'

const common = 'a manifest refers to the layer'
const discarded: readonly State[] = [common, 'the repository is in the trash']
const inTrash = { trash: 1, project: 1, actor }
const deletion = { repository, project: 1, actor }

/** What becomes of a repository as a whole. */
export const repositoryOperations: readonly Operation[] = [
  operation('delete repository to the trash', {
    subject: 'repository deletion',
    transaction: 'delete repository',
    input: () => ({ ...deletion, retention: lease }),
    states: ['the repository is not there', 'the layer is new', 'the lease is over', common, 'the repository is in the trash', 'the project is in the trash'],
    promises: [],
    undoes: ['the repository is frozen', 'the repository is not deleted'],
    refusedWhenFrozen: true,
  }),
  operation('delete repository for good', {
    subject: 'repository deletion',
    transaction: 'delete repository',
    input: () => ({ ...deletion, retention: 0 }),
    states: [common],
    promises: ['the repository is deleted'],
    undoes: ['the repository is frozen'],
    refusedWhenFrozen: true,
  }),
  operation('restore repository', {
    subject: 'repository trash',
    transaction: 'restore repository',
    input: () => inTrash,
    states: discarded,
    promises: ['the repository is not deleted', 'nothing of number 1 is in the trash'],
    undoes: ['the repository is deleted'],
  }),
  operation('purge repository', {
    subject: 'repository trash',
    transaction: 'purge repository',
    input: () => inTrash,
    states: discarded,
    promises: ['the repository is deleted'],
  }),
  operation('clear repository', {
    subject: 'repository clearing',
    transaction: 'clear repository',
    input: () => ({ trash: 1 }),
    states: discarded,
    records: (step) => (step === 'gone' ? false : step === 'done' ? true : undefined),
  }),
]
