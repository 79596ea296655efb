import { statement, transaction, type Outcome, type Tx } from '../../database/index.ts'
import { bumpDecided, holdDecided, record, type EventActor } from '../../record/index.ts'
import { hasAdmin } from '../access-lock-store.ts'
import { lockGroup, type GroupRow } from './group-store.ts'

const insert = statement<{ id: number }>(`
  insert into account_group (name, created_at) values ($1, $2) on conflict do nothing returning id`)

export interface GroupInput {
  readonly name: string
  readonly actor: EventActor | undefined
}

export const createGroup = transaction('create group', async (tx: Tx, { name, actor }: GroupInput) => {
  const row = await tx.one(insert, name, tx.now)
  if (row === undefined) return { refused: 'EXISTS' }
  const moved = await holdDecided(tx, actor)
  if (moved !== undefined) return moved
  return await record(tx, { kind: 'group.create', actor, repositoryId: undefined, keys: { group: row.id, name } }, { id: row.id })
})

const removeMembers = statement('delete from group_member where group_id = $1')
const removeGrants = statement(`delete from access_grant where subject_kind = 'group' and subject_id = $1`)
const remove = statement('delete from account_group where id = $1')

export const deleteGroup = transaction('delete group', async (tx: Tx, { name, actor }: GroupInput) => {
  const row = await tx.one(lockGroup, name)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  const had = await hasAdmin(tx)
  const members = await tx.run(removeMembers, row.id)
  const grants = await tx.run(removeGrants, row.id)
  await tx.run(remove, row.id)
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  if (had && !(await hasAdmin(tx))) return { refused: 'LAST_ADMIN' }
  const keys = { group: row.id, name, before: { source: row.source, members, grants } }
  return await record(tx, { kind: 'group.delete', actor, repositoryId: undefined, keys }, null)
})

const lockMember = statement<{ id: number }>('select id from account where name = $1 and deleted_at is null for key share')
const insertMember = statement('insert into group_member (group_id, account_id) values ($1, $2) on conflict do nothing')
const removeMember = statement('delete from group_member where group_id = $1 and account_id = $2')

export interface MemberInput {
  readonly group: string
  readonly account: string
  readonly actor: EventActor | undefined
}

export const addMember = transaction('add group member', async (tx: Tx, input: MemberInput) => {
  return await change(tx, input, async (group, account) => {
    if ((await tx.run(insertMember, group.id, account)) === 0) return { ok: null }
    const moved = await bumpDecided(tx, input.actor)
    if (moved !== undefined) return moved
    return await recordMember(tx, 'group.member.add', input, group.id, account)
  })
})

export const removeMemberOf = transaction('remove group member', async (tx: Tx, input: MemberInput) => {
  return await change(tx, input, async (group, account) => {
    const had = await hasAdmin(tx)
    if ((await tx.run(removeMember, group.id, account)) === 0) return { refused: 'NOT_FOUND' }
    const moved = await bumpDecided(tx, input.actor)
    if (moved !== undefined) return moved
    if (had && !(await hasAdmin(tx))) return { refused: 'LAST_ADMIN' }
    return await recordMember(tx, 'group.member.remove', input, group.id, account)
  })
})

/** Who is in a group of another source is decided there. */
async function change(
  tx: Tx,
  { group, account }: MemberInput,
  work: (group: GroupRow, account: number) => Promise<Outcome<null>>,
): Promise<Outcome<null>> {
  const row = await tx.one(lockGroup, group)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  if (row.source !== 'local') return { refused: 'NOT_LOCAL' }
  const member = await tx.one(lockMember, account)
  return member === undefined ? { refused: 'NOT_FOUND' } : await work(row, member.id)
}

async function recordMember(tx: Tx, kind: string, { group, account, actor }: MemberInput, groupId: number, accountId: number) {
  return await record(tx, { kind, actor, repositoryId: undefined, keys: { group: groupId, name: group, account: accountId, member: account } }, null)
}
