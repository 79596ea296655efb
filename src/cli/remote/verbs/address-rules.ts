import type { Client } from '../../../client/index.ts'

/** Whose rules for addresses are meant. */
type Owner =
  | { readonly kind: 'project'; readonly project: string }
  | { readonly kind: 'account'; readonly account: string }
  | { readonly kind: 'robot'; readonly project: string; readonly robot: string }
  | { readonly kind: 'system-robot'; readonly robot: string }

const ofUser = 'user:'
const ofRobot = 'robot$'

/** `team` is a project, `user:alice` a user, `robot$ci` and `team+robot$ci` robots. */
export function ownerOf(text: string): Owner {
  if (text.startsWith(ofUser)) return { kind: 'account', account: text.slice(ofUser.length) }
  if (text.startsWith(ofRobot)) return { kind: 'system-robot', robot: text.slice(ofRobot.length) }
  const at = text.indexOf(`+${ofRobot}`)
  if (at === -1) return { kind: 'project', project: text }
  return { kind: 'robot', project: text.slice(0, at), robot: text.slice(at + 1 + ofRobot.length) }
}

export async function addressRulesOf(client: Client, whose: string, query: { readonly limit: number; readonly cursor?: string }) {
  const owner = ownerOf(whose)
  switch (owner.kind) {
    case 'account':
      return await client.call('listAccountAddressRules', { params: { account: owner.account }, query })
    case 'robot':
      return await client.call('listRobotAddressRules', { params: { project: owner.project, robot: owner.robot }, query })
    case 'system-robot':
      return await client.call('listSystemRobotAddressRules', { params: { robot: owner.robot }, query })
    case 'project':
      return await client.call('listAddressRules', { params: { project: owner.project }, query })
  }
}

interface NewRule {
  readonly networks: readonly string[]
  readonly permissions: readonly string[] | undefined
}

export async function addAddressRule(client: Client, whose: string, body: NewRule) {
  const owner = ownerOf(whose)
  switch (owner.kind) {
    case 'account':
      return await client.call('addAccountAddressRule', { params: { account: owner.account }, body })
    case 'robot':
      return await client.call('addRobotAddressRule', { params: { project: owner.project, robot: owner.robot }, body })
    case 'system-robot':
      return await client.call('addSystemRobotAddressRule', { params: { robot: owner.robot }, body })
    case 'project':
      return await client.call('addAddressRule', { params: { project: owner.project }, body })
  }
}

export async function removeAddressRule(client: Client, whose: string, rule: string) {
  const owner = ownerOf(whose)
  switch (owner.kind) {
    case 'account':
      return await client.call('removeAccountAddressRule', { params: { account: owner.account, rule } })
    case 'robot':
      return await client.call('removeRobotAddressRule', { params: { project: owner.project, robot: owner.robot, rule } })
    case 'system-robot':
      return await client.call('removeSystemRobotAddressRule', { params: { robot: owner.robot, rule } })
    case 'project':
      return await client.call('removeAddressRule', { params: { project: owner.project, rule } })
  }
}
