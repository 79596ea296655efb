import { operation, type Operation } from './operation.ts'
import { actor, decidedActor, lease, type State } from './rows.ts'

const project = { id: 1, actor }
const present: readonly State[] = ['the layer is new', 'the repository is not there', 'a manifest refers to the layer']
const states: readonly State[] = [...present, 'the project was renamed', 'the project is being deleted']
const discarded: readonly State[] = ['a manifest refers to the layer', 'the project is in the trash']
const inTrash = { trash: 1, project: 1, actor }

/** What changes a project, and what in it is found at all. Whoever writes in it reads its row under a lock. */
export const projectOperations: readonly Operation[] = [
  operation('create project', {
    subject: 'project creation',
    transaction: 'create project',
    input: () => ({ name: 'crew', visibility: 'private', admin: { kind: 'account', id: 1 }, actor }),
    states: ['nothing is there', ...states],
    promises: ['there is a crew'],
    undoes: ['the project is renamed'],
  }),
  operation('create project under an old name', {
    subject: 'project creation',
    transaction: 'create project',
    input: () => ({ name: 'team', visibility: 'public', admin: undefined, actor }),
    states: ['nothing is there', ...states],
    undoes: ['the project is renamed'],
  }),
  operation('archive project', {
    subject: 'state change',
    transaction: 'change project',
    input: () => ({ ...project, state: 'frozen' }),
    states,
    promises: ['the project is archived'],
  }),
  operation('make project public', {
    subject: 'project visibility',
    transaction: 'change project',
    input: () => ({ ...project, visibility: 'public' }),
    states: ['a manifest refers to the layer', 'the project was renamed'],
  }),
  operation('make project internal if it is as it was seen', {
    subject: 'project visibility',
    transaction: 'change project',
    input: () => ({ ...project, visibility: 'internal', actor: decidedActor }),
    states: ['a manifest refers to the layer', 'the project was renamed'],
  }),
  operation('rename project', {
    subject: 'project rename',
    transaction: 'rename project',
    input: () => ({ ...project, name: 'crew' }),
    states,
    promises: ['the project is renamed'],
  }),
  operation('rename project to its first name', {
    subject: 'project rename',
    transaction: 'rename project',
    input: () => ({ ...project, name: 'team' }),
    states: ['the project was renamed'],
    undoes: ['the project is renamed', 'there is a crew'],
  }),
  operation('delete project', {
    subject: 'state change',
    transaction: 'delete project',
    input: () => ({ ...project, force: true, retention: 0 }),
    // Not where it was renamed: then its first name is free for a push that makes another one.
    states: [...present, 'the project is being deleted'],
    promises: ['the project is being deleted'],
    undoes: ['the project is archived', 'the project is renamed'],
  }),
  operation('delete empty project', {
    subject: 'project deletion',
    transaction: 'delete project',
    input: () => ({ ...project, force: false, retention: 0 }),
    states: ['the repository is not there', 'a manifest refers to the layer'],
    promises: ['the project is being deleted'],
    undoes: ['the project is archived', 'the project is renamed'],
  }),
  operation('delete project to the trash', {
    subject: 'project deletion',
    transaction: 'delete project',
    input: () => ({ ...project, force: true, retention: lease }),
    states: [...present, 'the project is in the trash'],
    promises: ['the project is being deleted'],
    undoes: ['the project is archived', 'the project is renamed', 'the project is not deleted'],
  }),
  operation('restore project', {
    subject: 'project trash',
    transaction: 'restore project',
    input: () => inTrash,
    states: discarded,
    promises: ['the project is not deleted', 'nothing of number 1 is in the trash'],
    undoes: ['the project is being deleted'],
  }),
  operation('purge project', {
    subject: 'project trash',
    transaction: 'purge project',
    input: () => inTrash,
    states: discarded,
    promises: ['the project is being deleted', 'nothing of number 1 is in the trash'],
  }),
  operation('purge project whose time has come', {
    subject: 'project trash',
    transaction: 'purge project',
    input: () => ({ trash: 1 }),
    states: discarded,
    promises: ['the project is being deleted', 'nothing of number 1 is in the trash'],
  }),
  operation('clear project', {
    subject: 'project clearing',
    transaction: 'clear project',
    input: () => ({ project: 1 }),
    states: ['a manifest refers to the layer', 'the project is being deleted', 'the project is nearly deleted', 'the project is in the trash'],
    records: (step) => (step === 'gone' ? false : step === 'done' ? true : undefined),
  }),
]
