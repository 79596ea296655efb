import { statement, transaction, type Tx } from '../../database/index.ts'
import { bumpRights, record } from '../../record/index.ts'
import { hasAdmin } from '../access-lock-store.ts'
import type { AcceptedIdentity } from './accepted-identity.ts'

interface Known {
  readonly id: number
  readonly name: string
  readonly state: 'active' | 'disabled'
  readonly email: string | null
  readonly display_name: string | null
}

const lockSubject = statement<Known>(`
  select id, name, state, email, display_name from account
  where source = $1 and subject = $2 and subject is not null and deleted_at is null for update`)
const insertAccount = statement<Known>(`
  insert into account (name, email, display_name, source, subject, created_at) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing returning id, name, state, email, display_name`)
const describe = statement('update account set email = $2, display_name = $3 where id = $1')

const groupsOf = statement<{ id: number; name: string }>(`
  select g.id, g.name from group_member m join account_group g on g.id = m.group_id
  where m.account_id = $1 and g.source = $2 order by m.group_id`)
const insertGroup = statement('insert into account_group (name, source, created_at) values ($1, $2, $3) on conflict do nothing')
const lockGroup = statement<{ id: number }>('select id from account_group where name = $1 and source = $2 for key share')
const join = statement('insert into group_member (group_id, account_id) values ($1, $2) on conflict do nothing')
const leave = statement('delete from group_member where group_id = $1 and account_id = $2')

/**
 * Makes the account and the groups of somebody whom a source of identities knows, or brings them up to date. A name that belongs to
 * somebody else is refused with EXISTS: a source can't take over an account. A disabled account stays disabled. Groups of other sources
 * are neither joined nor left, whatever their names.
 */
export const admitIdentity = transaction('admit identity', async (tx: Tx, identity: AcceptedIdentity) => {
  const { source, subject, name, email = null, displayName = null } = identity
  const before = await tx.one(lockSubject, source, subject)
  const made = before === undefined ? await tx.one(insertAccount, name, email, displayName, source, subject, tx.now) : undefined
  // Two first logins at once: this one waited for the other, whose account is there now.
  const known = before ?? (made === undefined ? await tx.one(lockSubject, source, subject) : undefined)
  const row = known ?? made
  if (row === undefined || row.name !== name) return { refused: 'EXISTS' }
  if (row.state !== 'active') return { refused: 'DISABLED' }
  const described = row.email === email && row.display_name === displayName
  if (!described) await tx.run(describe, row.id, email, displayName)
  const had = await hasAdmin(tx)
  const { joined, left } = await changeGroups(tx, row.id, identity)
  if (known !== undefined && described && joined.length + left.length === 0) return { ok: { id: row.id } }
  if (joined.length + left.length > 0) await bumpRights(tx)
  // Whoever runs the directory could shut everybody out of the registry.
  if (had && !(await hasAdmin(tx))) return { refused: 'LAST_ADMIN' }
  const kind = known === undefined ? 'account.create' : 'account.update'
  const earlier = known === undefined ? null : { email: known.email, displayName: known.display_name }
  const keys = { account: row.id, name, source, before: earlier, after: { email, displayName }, joined, left }
  return await record(tx, { kind, actor: undefined, repositoryId: undefined, keys }, { id: row.id })
})

async function changeGroups(tx: Tx, account: number, { source, groups }: AcceptedIdentity) {
  const before = await tx.all(groupsOf, account, source)
  const left = before.filter(({ name }) => !groups.includes(name))
  for (const { id } of left) await tx.run(leave, id, account)
  const joined: string[] = []
  for (const name of groups) {
    if (before.some((group) => group.name === name)) continue
    await tx.run(insertGroup, name, source, tx.now)
    const group = await tx.one(lockGroup, name, source)
    if (group === undefined) continue
    await tx.run(join, group.id, account)
    joined.push(name)
  }
  return { joined, left: left.map(({ name }) => name) }
}
