import { operation, type Operation } from './operation.ts'
import { accessIds, actor, decidedActor, ids, now, type State } from './rows.ts'

const states: readonly State[] = ['a manifest refers to the layer']
const { alice, operators, robot, token } = accessIds
const project = ids.team
const admins = ['root', 'carol'] as const
const member = { group: operators, actor }

/** What changes who there is, and with what they log in. */
export const identityOperations: readonly Operation[] = [
  operation('create account', {
    subject: 'account creation',
    transaction: 'create account',
    input: () => ({ name: 'dave', email: undefined, displayName: undefined, passwordHash: 'hash', mustChange: false, actor }),
    states,
    promises: ['there is a dave'],
  }),
  operation('create account as decided', {
    subject: 'account creation',
    transaction: 'create account',
    input: () => ({ name: 'dave', email: undefined, displayName: undefined, passwordHash: 'hash', mustChange: false, actor: decidedActor }),
    states,
    promises: ['there is a dave'],
  }),
  operation('create first admin', {
    subject: 'account creation',
    transaction: 'create first admin',
    input: () => ({ name: 'admin', passwordHash: 'hash' }),
    states: [...states, 'nothing is there'],
  }),
  operation('admit identity', {
    subject: 'account creation',
    transaction: 'admit identity',
    input: () => ({ source: 'ldap', subject: 'uuid', name: 'dave', email: undefined, displayName: undefined, groups: ['dev', operators] }),
    states,
    records: () => undefined,
  }),
  operation('change account', {
    subject: 'account change',
    transaction: 'change account',
    input: (side) => ({ name: 'alice', email: `alice@${side}.example`, actor }),
    states,
  }),
  operation('disable an administrator', {
    subject: 'account state',
    transaction: 'change account state',
    input: (side) => ({ name: admins[side], state: 'disabled', actor }),
    states,
  }),
  operation('change password', {
    subject: 'password',
    transaction: 'set password',
    input: (side) => ({ name: 'alice', passwordHash: `hash ${side}`, mustChange: false, expected: 'hash', actor }),
    states,
  }),
  operation('reset password as decided', {
    subject: 'password',
    transaction: 'set password',
    input: (side) => ({ name: 'alice', passwordHash: `hash ${side}`, mustChange: true, expected: undefined, actor: decidedActor }),
    states,
  }),
  operation('rehash password', {
    subject: 'password',
    transaction: 'rehash password',
    input: (side) => ({ id: alice, before: 'hash', after: `newer hash ${side}` }),
    states,
    records: (changed) => changed === true,
  }),
  operation('delete account', {
    subject: 'account deletion',
    transaction: 'delete account',
    input: () => ({ name: 'alice', actor }),
    states,
    promises: ['alice is gone'],
    undoes: ['alice is developer', 'alice is releaser'],
  }),
  operation('delete an administrator', {
    subject: 'account deletion',
    transaction: 'delete account',
    input: (side) => ({ name: admins[side], actor }),
    states,
  }),
  operation('create group', {
    subject: 'group',
    transaction: 'create group',
    input: () => ({ name: 'dev', actor }),
    states,
  }),
  operation('delete group', {
    subject: 'group',
    transaction: 'delete group',
    input: () => ({ name: operators, actor }),
    states,
  }),
  operation('add group member', {
    subject: 'group member',
    transaction: 'add group member',
    input: () => ({ ...member, account: 'root' }),
    states,
    records: () => undefined,
  }),
  operation('add group member as decided', {
    subject: 'group member',
    transaction: 'add group member',
    input: () => ({ ...member, account: 'carol', actor: decidedActor }),
    states,
    records: () => undefined,
  }),
  operation('remove group member', {
    subject: 'group member',
    transaction: 'remove group member',
    input: () => ({ ...member, account: 'alice' }),
    states,
  }),
  operation('create robot', {
    subject: 'robot',
    transaction: 'create robot',
    input: (side) => ({ ...robotNamed('cd'), permissions: [{ project, prefix: '', exact: false, permissions: ['content.pull'] }], secretHash: `cd ${side}` }),
    states,
  }),
  operation('change robot', {
    subject: 'robot',
    transaction: 'change robot',
    input: (side) => ({ ...robotNamed(robot), description: `side ${side}`, permissions: [] }),
    states,
  }),
  operation('rotate robot secret', {
    subject: 'robot',
    transaction: 'rotate robot secret',
    input: (side) => ({ ...robotNamed(robot), secretHash: `ci ${side}`, overlap: 60_000 }),
    states,
  }),
  operation('delete robot', {
    subject: 'robot',
    transaction: 'delete robot',
    input: () => robotNamed(robot),
    states,
  }),
  operation('create token', {
    subject: 'token',
    transaction: 'create token',
    input: (side) => ({ ...tokenOf(side), actor }),
    states,
  }),
  operation('create token as decided', {
    subject: 'token',
    transaction: 'create token',
    input: (side) => ({ ...tokenOf(side), actor: decidedActor }),
    states,
  }),
  operation('revoke token', {
    subject: 'token',
    transaction: 'revoke token',
    input: () => ({ owner: 'alice', id: token, actor }),
    states,
  }),
  operation('revoke token as decided', {
    subject: 'token',
    transaction: 'revoke token',
    input: () => ({ owner: 'alice', id: token, actor: decidedActor }),
    states,
  }),
  operation('record use', {
    subject: 'use',
    transaction: 'record use',
    input: (side) => ({ account: [[alice, now + side]], robot: [[1, now + side]], token: [[token, now + side]] }),
    states,
    records: () => false,
  }),
]

function tokenOf(side: number) {
  const place = { project, prefix: '', exact: false }
  return { owner: { id: alice, name: 'alice' }, kind: 'personal', name: 'laptop', hash: `laptop ${side}`, permissions: undefined, place, expiresAt: undefined }
}

function robotNamed(name: string) {
  return { project, name, actor }
}
