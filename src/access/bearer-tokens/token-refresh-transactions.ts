import { statement, transaction, type Tx } from '../../database/index.ts'
import { record, type EventActor } from '../../record/index.ts'

export interface CreateRefreshTokenInput {
  readonly account: number
  readonly version: number
  readonly name: string
  readonly hash: string
  readonly service: string
  readonly expiresAt: number
  readonly actor: EventActor
}

const lockAccount = statement<{ name: string }>(`
  select name from account where id = $1 and version = $2 and deleted_at is null and state = 'active' for update`)
const removeEnded = statement(`delete from token where account_id = $1 and kind = 'refresh' and expires_at <= $2`)
/** Clients never say that they have forgotten one. */
const removeOldest = statement(`
  delete from token where id in (select id from token where account_id = $1 and kind = 'refresh' order by id desc limit 1000 offset $2)`)
// Does nothing where the same operation was committed a moment ago: then its answer is given again.
const insert = statement<{ id: number }>(`
  insert into token (account_id, kind, name, hash, service, created_at, expires_at) values ($1, 'refresh', $2, $3, $4, $5, $6)
  on conflict (hash) do nothing returning id`)

/** Of one account: as many machines as one person logs in on. */
const mostTokens = 100

/** One more refresh token, for the password that the account has at this moment; the oldest goes when there are too many. */
export const createRefreshToken = transaction('create refresh token', async (tx: Tx, input: CreateRefreshTokenInput) => {
  const { account, version, name, hash, service, expiresAt, actor } = input
  if ((await tx.one(lockAccount, account, version)) === undefined) return { refused: 'NOT_FOUND' }
  await tx.run(removeEnded, account, tx.now)
  await tx.run(removeOldest, account, mostTokens - 1)
  const row = await tx.one(insert, account, name, hash, service, tx.now, expiresAt)
  if (row === undefined) return { refused: 'EXISTS' }
  const keys = { token: row.id, account, name, kind: 'refresh', after: { service, expiresAt } }
  return await record(tx, { kind: 'token.create', actor, repositoryId: undefined, keys }, null)
})
