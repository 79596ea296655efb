import { operation, type Operation } from './operation.ts'
import { accessIds, actor, decidedActor, ids, type State } from './rows.ts'

const states: readonly State[] = ['a manifest refers to the layer']
const { alice, releaser, admins, grant, tagRule, addressRule } = accessIds
const project = ids.team
const place = { actor, project, pattern: { prefix: '', exact: false } }

/** What changes who may do what. */
export const accessOperations: readonly Operation[] = [
  operation('add grant', {
    subject: 'grant',
    transaction: 'add grant',
    input: () => ({ ...place, subject: { kind: 'account', id: alice }, role: 'developer' }),
    states,
    promises: ['alice is developer'],
  }),
  operation('add grant of a role that people made', {
    subject: 'grant',
    transaction: 'add grant',
    input: () => ({ ...place, subject: { kind: 'account', id: alice }, role: releaser }),
    states,
    promises: ['alice is releaser'],
  }),
  operation('add grant as decided', {
    subject: 'grant',
    transaction: 'add grant',
    input: () => ({ ...place, actor: decidedActor, subject: { kind: 'account', id: alice }, role: releaser }),
    states,
    promises: ['alice is releaser'],
  }),
  operation('remove grant', {
    subject: 'grant removal',
    transaction: 'remove grant',
    input: () => ({ actor, project, id: grant }),
    states,
  }),
  operation('remove an administrator', {
    subject: 'grant removal',
    transaction: 'remove grant',
    input: (side) => ({ actor, project: undefined, id: admins[side] }),
    states,
  }),
  operation('create role', {
    subject: 'role creation',
    transaction: 'create role',
    input: () => ({ actor, name: 'tester', permissions: ['content.pull'] }),
    states,
  }),
  operation('update role', {
    subject: 'role change',
    transaction: 'update role',
    input: (side) => ({ actor, name: releaser, permissions: side === 0 ? ['content.pull'] : ['content.push'] }),
    states,
  }),
  operation('remove role', {
    subject: 'role removal',
    transaction: 'remove role',
    input: () => ({ actor, name: releaser }),
    states,
  }),
  operation('add tag rule', {
    subject: 'tag rule',
    transaction: 'add tag rule',
    input: () => ({ ...place, tags: 'release-*', permissions: ['tag.move'], roles: [releaser] }),
    states,
  }),
  operation('remove tag rule', {
    subject: 'tag rule removal',
    transaction: 'remove tag rule',
    input: () => ({ actor, project, id: tagRule }),
    states,
  }),
  operation('add address rule', {
    subject: 'address rule',
    transaction: 'add address rule',
    input: () => ({ actor, owner: { kind: 'account', id: alice }, permissions: undefined, networks: '10.0.0.0/8' }),
    states,
  }),
  operation('remove address rule', {
    subject: 'address rule removal',
    transaction: 'remove address rule',
    input: () => ({ actor, owner: { kind: 'project', id: project }, id: addressRule }),
    states,
  }),
]
