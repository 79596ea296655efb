import type { Database } from '../../database/index.ts'
import type { EventActor } from '../../record/index.ts'
import { AccessError } from '../access-error.ts'
import type { NamePage } from '../accounts/accounts.ts'
import { parseName } from '../name.ts'
import { granted } from '../refusal.ts'
import { groupNamed, groupPage, memberPage, type GroupRow } from './group-store.ts'
import { addMember, createGroup, deleteGroup, removeMemberOf } from './group-transactions.ts'

export interface Group {
  readonly id: number
  readonly name: string
  /** `local`, or the name of the source of identities that it comes from: then its members are decided there. */
  readonly source: string
  readonly createdAt: number
}

export interface Member {
  readonly id: number
  readonly name: string
  readonly source: string
}

/**
 * Groups of accounts. Whoever calls has been allowed to by `Rights.decide`. Fails with AccessError: NOT_FOUND, EXISTS, NAME_INVALID,
 * NOT_LOCAL, LAST_ADMIN.
 */
export interface Groups {
  create(by: EventActor, name: string): Promise<Group>
  find(name: string): Promise<Group | undefined>
  /** In the order of their names. */
  list(page: NamePage): Promise<Group[]>
  /** In the order in which the accounts were made, those after the account `after`. */
  members(group: number, page: { readonly after: number; readonly limit: number }): Promise<Member[]>
  addMember(by: EventActor, group: string, account: string): Promise<void>
  removeMember(by: EventActor, group: string, account: string): Promise<void>
  remove(by: EventActor, name: string): Promise<void>
}

export function createGroups({ database }: { readonly database: Database }): Groups {
  async function find(name: string): Promise<Group | undefined> {
    const row = parseName(name) && (await database.one(groupNamed, name))
    return row && groupOf(row)
  }

  return Object.freeze<Groups>({
    create: async (actor, name) => {
      if (parseName(name) === undefined) throw new AccessError('NAME_INVALID', { field: 'name' })
      granted(await database.transact(createGroup, { name, actor }))
      const group = await find(name)
      if (group === undefined) throw new AccessError('NOT_FOUND')
      return group
    },
    find,
    list: async ({ after, limit }) => (await database.all(groupPage, after, limit)).map(groupOf),
    members: async (group, { after, limit }) => await database.all(memberPage, group, after, limit),
    addMember: async (actor, group, account) => {
      granted(await database.transact(addMember, { group, account, actor }))
    },
    removeMember: async (actor, group, account) => {
      granted(await database.transact(removeMemberOf, { group, account, actor }))
    },
    remove: async (actor, name) => {
      granted(await database.transact(deleteGroup, { name, actor }))
    },
  })
}

function groupOf({ id, name, source, created_at: createdAt }: GroupRow): Group {
  return { id, name, source, createdAt }
}
