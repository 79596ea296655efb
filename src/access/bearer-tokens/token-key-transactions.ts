import { statement, transaction, type Tx } from '../../database/index.ts'
import { record } from '../../record/index.ts'

export interface NewSigningKey {
  readonly id: string
  readonly privateKey: string
  readonly publicKey: string
  /** The newest key that whoever asks knows of; null where there is none. */
  readonly after: string | null
}

// Two processes that find it time for a new key at once make one: the second sees the first one's.
const lock = statement(`select value from meta where name = 'installation' for update`)
const newest = statement<{ id: string }>('select id from signing_key order by created_at desc, id desc limit 1')
const forgetOlder = statement('delete from signing_key where id <> $1')
const insert = statement('insert into signing_key (id, private_key, public_key, created_at) values ($1, $2, $3, $4)')

/**
 * Adds a key that tokens will be signed with, and forgets all but the one before it, which signed nothing for as long as that one was
 * the newest. Changes nothing when another key was added meanwhile. Answers whether the key was added.
 */
export const addSigningKey = transaction('add signing key', async (tx: Tx, input: NewSigningKey) => {
  await tx.one(lock)
  const before = (await tx.one(newest))?.id ?? null
  if (before !== input.after) return { ok: { added: false } }
  if (before !== null) await tx.run(forgetOlder, before)
  await tx.run(insert, input.id, input.privateKey, input.publicKey, tx.now)
  const event = { kind: 'signing-key.create', actor: undefined, repositoryId: undefined, keys: { key: input.id } }
  return await record(tx, event, { added: true })
})
