import { statement, transaction, type Tx } from '../../database/index.ts'
import { bumpDecided, holdDecided, record, type EventActor } from '../../record/index.ts'
import { holdProject } from '../access-lock-store.ts'
import { lockAccount } from '../accounts/account-store.ts'

const removeEnded = statement(`
  delete from token where account_id = $1 and kind in ('personal', 'key') and expires_at is not null and expires_at <= $2`)
const countTokens = statement<{ count: number }>(`select count(*) as count from token where account_id = $1 and kind = $2`)
// Does nothing where the same operation was committed a moment ago: then its answer is given again.
const insert = statement<{ id: number }>(`
  insert into token (account_id, kind, name, hash, permissions, namespace_id, prefix, exact, created_at, expires_at)
  values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (hash) do nothing returning id`)

/** Of one account and one kind. */
const mostTokens = 200
/** Ended ones stay for so long, to be seen in the list, in ms. */
const endedStay = 24 * 3_600_000

export interface CreateTokenInput {
  readonly owner: { readonly id: number; readonly name: string }
  readonly kind: 'personal' | 'key'
  readonly name: string
  readonly hash: string
  readonly permissions: readonly string[] | undefined
  readonly place: { readonly project: number; readonly prefix: string; readonly exact: boolean } | undefined
  readonly expiresAt: number | undefined
  readonly actor: EventActor | undefined
}

export const createToken = transaction('create token', async (tx: Tx, input: CreateTokenInput) => {
  const { kind, name, permissions, place, expiresAt = null, actor } = input
  if (place !== undefined && typeof (await holdProject(tx, place.project)) !== 'string') return { refused: 'NOT_FOUND' }
  const owner = await tx.one(lockAccount, input.owner.name)
  if (owner?.id !== input.owner.id) return { refused: 'NOT_FOUND' }
  await tx.run(removeEnded, owner.id, tx.now - endedStay)
  if (((await tx.one(countTokens, owner.id, kind))?.count ?? 0) >= mostTokens) return { refused: 'TOO_MANY' }
  const where = place === undefined ? ([null, null, null] as const) : ([place.project, place.prefix, Number(place.exact)] as const)
  const list = permissions === undefined ? null : JSON.stringify(permissions)
  const row = await tx.one(insert, owner.id, kind, name, input.hash, list, ...where, tx.now, expiresAt)
  if (row === undefined) return { refused: 'EXISTS' }
  const { id } = row
  const moved = await holdDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { token: id, account: owner.id, name, kind, after: { permissions: permissions ?? null, place: place ?? null, expiresAt } }
  return await record(tx, { kind: 'token.create', actor, repositoryId: undefined, keys }, { id })
})

const remove = statement<{ name: string; kind: string }>(`
  delete from token where id = $1 and account_id = $2 and kind in ('personal', 'key') returning name, kind`)

export interface RevokeTokenInput {
  readonly owner: string
  readonly id: number
  readonly actor: EventActor | undefined
}

export const revokeToken = transaction('revoke token', async (tx: Tx, { owner, id, actor }: RevokeTokenInput) => {
  const account = await tx.one(lockAccount, owner)
  const row = account && (await tx.one(remove, id, account.id))
  if (account === undefined || row === undefined) return { refused: 'NOT_FOUND' }
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { token: id, account: account.id, name: row.name, kind: row.kind }
  return await record(tx, { kind: 'token.revoke', actor, repositoryId: undefined, keys }, null)
})
