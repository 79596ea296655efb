import { statement, transaction, type Refusal, type Tx } from '../../database/index.ts'
import { bumpDecided, bumpRights, holdDecided, record, type EventActor } from '../../record/index.ts'
import { hasAdmin } from '../access-lock-store.ts'
import { lockAccount, type AccountRow } from './account-store.ts'

/** No event of an account says anything about its password but that it changed. */

const insert = statement<{ id: number }>(`
  insert into account (name, email, display_name, password_hash, must_change, created_at) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing returning id`)

export interface CreateAccountInput {
  readonly name: string
  readonly email: string | undefined
  readonly displayName: string | undefined
  /** Absent: nobody can log in with a password until one is set. */
  readonly passwordHash: string | undefined
  readonly mustChange: boolean
  readonly actor: EventActor | undefined
}

export const createAccount = transaction('create account', async (tx: Tx, input: CreateAccountInput) => {
  const { name, email = null, displayName = null, passwordHash = null, mustChange, actor } = input
  const row = await tx.one(insert, name, email, displayName, passwordHash, Number(mustChange), tx.now)
  if (row === undefined) return { refused: 'EXISTS' }
  const moved = await holdDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { account: row.id, name, after: { email, displayName, mustChange } }
  return await record(tx, { kind: 'account.create', actor, repositoryId: undefined, keys }, { id: row.id })
})

const grantAdmin = statement(`
  insert into access_grant (namespace_id, prefix, exact, subject_kind, subject_id, role, created_at)
  values (null, '', 0, 'account', $1, 'admin', $2)`)

/** The account that administers a new registry. Refused with EXISTS once there is one that can. */
export const createFirstAdmin = transaction(
  'create first admin',
  async (tx: Tx, { name, passwordHash }: { readonly name: string; readonly passwordHash: string }) => {
    // Two nodes may start at once: the second one waits here, and then sees the account of the first.
    await bumpRights(tx)
    if (await hasAdmin(tx)) return { refused: 'EXISTS' }
    const row = await tx.one(insert, name, null, null, passwordHash, 0, tx.now)
    if (row === undefined) return { refused: 'NAME_TAKEN' }
    await tx.run(grantAdmin, row.id, tx.now)
    const keys = { account: row.id, name, role: 'admin' }
    return await record(tx, { kind: 'account.create', actor: undefined, repositoryId: undefined, keys }, { id: row.id })
  },
)

const update = statement('update account set email = $2, display_name = $3 where id = $1')

export interface ChangeAccountInput {
  readonly name: string
  /** What is absent stays; null removes it. */
  readonly email?: string | null | undefined
  readonly displayName?: string | null | undefined
  readonly actor: EventActor | undefined
}

export const changeAccount = transaction('change account', async (tx: Tx, input: ChangeAccountInput) => {
  const row = await lockLocal(tx, input.name)
  if ('refused' in row) return row
  const before = { email: row.email, displayName: row.display_name }
  const { email = before.email, displayName = before.displayName } = input
  await tx.run(update, row.id, email, displayName)
  // Nobody's rights change by it: what `If-Match` was compared with does.
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { account: row.id, name: row.name, before, after: { email, displayName } }
  return await record(tx, { kind: 'account.update', actor: input.actor, repositoryId: undefined, keys }, null)
})

const setState = statement('update account set state = $2, version = version + 1 where id = $1')

export interface ChangeAccountStateInput {
  readonly name: string
  readonly state: 'active' | 'disabled'
  readonly actor: EventActor | undefined
}

export const changeAccountState = transaction('change account state', async (tx: Tx, input: ChangeAccountStateInput) => {
  const row = await tx.one(lockAccount, input.name)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  if (row.state === input.state) return { ok: null }
  const had = await hasAdmin(tx)
  await tx.run(setState, row.id, input.state)
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  if (had && !(await hasAdmin(tx))) return { refused: 'LAST_ADMIN' }
  const keys = { account: row.id, name: row.name, before: { state: row.state }, after: { state: input.state } }
  return await record(tx, { kind: 'account.state', actor: input.actor, repositoryId: undefined, keys }, null)
})

const setHash = statement('update account set password_hash = $2, must_change = $3, version = version + 1 where id = $1')
/** They were given out for the old password. */
const endRefreshTokens = statement(`delete from token where account_id = $1 and kind = 'refresh'`)

export interface SetPasswordInput {
  readonly name: string
  readonly passwordHash: string
  readonly mustChange: boolean
  /** The hash that the present password was compared with, where its owner gave it. */
  readonly expected: string | undefined
  readonly actor: EventActor | undefined
}

export const setPassword = transaction('set password', async (tx: Tx, input: SetPasswordInput) => {
  const row = await lockLocal(tx, input.name)
  if ('refused' in row) return row
  if (input.expected !== undefined && input.expected !== row.password_hash) return { refused: 'CHANGED' }
  await tx.run(setHash, row.id, input.passwordHash, Number(input.mustChange))
  await tx.run(endRefreshTokens, row.id)
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const kind = input.expected === undefined ? 'account.password.reset' : 'account.password.change'
  const keys = { account: row.id, name: row.name, after: { mustChange: input.mustChange } }
  return await record(tx, { kind, actor: input.actor, repositoryId: undefined, keys }, null)
})

const replaceHash = statement('update account set password_hash = $3 where id = $1 and password_hash = $2 and deleted_at is null')

export interface RehashPasswordInput {
  readonly id: number
  readonly before: string
  readonly after: string
}

/** The same password under a newer hash: nothing that was remembered of the account is wrong now. */
export const rehashPassword = transaction('rehash password', async (tx: Tx, { id, before, after }: RehashPasswordInput) => {
  if ((await tx.run(replaceHash, id, before, after)) === 0) return { ok: false }
  return await record(tx, { kind: 'account.password.rehash', actor: undefined, repositoryId: undefined, keys: { account: id } }, true)
})

const leaveTombstone = statement(`
  update account set deleted_at = $2, password_hash = null, email = null, display_name = null, version = version + 1 where id = $1`)
const leaveGroups = statement('delete from group_member where account_id = $1')
const endTokens = statement('delete from token where account_id = $1')
const endGrants = statement(`delete from access_grant where subject_kind = 'account' and subject_id = $1`)
const endAddressRules = statement('delete from address_rule where account_id = $1')

/** The row stays, so that its id is nobody else's; what it was given goes. */
export const deleteAccount = transaction(
  'delete account',
  async (tx: Tx, input: { readonly name: string; readonly actor: EventActor | undefined }) => {
    const row = await tx.one(lockAccount, input.name)
    if (row === undefined) return { refused: 'NOT_FOUND' }
    const had = await hasAdmin(tx)
    await tx.run(leaveTombstone, row.id, tx.now)
    for (const part of [leaveGroups, endTokens, endGrants, endAddressRules]) await tx.run(part, row.id)
    const moved = await bumpDecided(tx, input.actor)
    if (moved !== undefined) return moved
    if (had && !(await hasAdmin(tx))) return { refused: 'LAST_ADMIN' }
    const keys = { account: row.id, name: row.name, before: { state: row.state, source: row.source } }
    return await record(tx, { kind: 'account.delete', actor: input.actor, repositoryId: undefined, keys }, null)
  },
)

async function lockLocal(tx: Tx, name: string): Promise<AccountRow | Refusal> {
  const row = await tx.one(lockAccount, name)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  return row.source === 'local' ? row : { refused: 'NOT_LOCAL' }
}
