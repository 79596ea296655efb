import { createHash, createPrivateKey, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import type { Database } from '../../database/index.ts'
import { andThen, type Clock, type Soon } from '../../lib/index.ts'
import { type SigningKeyRow, signingKeys } from './token-key-store.ts'
import { addSigningKey } from './token-key-transactions.ts'

/** A public key as RFC 7517 writes it. */
export type PublicJwk = Readonly<Record<string, unknown>>

/** A key that this installation signs tokens with, or did. */
export interface TokenKey {
  /** Its RFC 7638 thumbprint. */
  readonly id: string
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
  /** Ms since the epoch. */
  readonly createdAt: number
}

export interface TokenKeys {
  /** The key to sign with now. Makes one when there is none, and a new one when the newest is old. */
  signing(): Soon<TokenKey>
  /** By its very id; absent when no token signed with it can still be good. */
  find(id: string): Soon<TokenKey | undefined>
  /** For others that check our tokens: the public keys of those that are believed (RFC 7517). Makes none: anybody may ask. */
  published(): Soon<readonly PublicJwk[]>
}

export interface TokenKeysDeps {
  readonly database: Pick<Database, 'all' | 'transact'>
  readonly clock: Clock
}

const second = 1000
const minute = 60 * second
const day = 24 * 60 * minute

/** How long a process goes by what it read. */
const remembered = 30 * second
/** How often an unknown id makes a process read again: anybody can send one. */
const betweenLooks = second
/** From its making, until every process has it: so long nothing is signed with a key that follows another. */
const announced = 5 * minute
/** What is signed with a key after that long is signed with the next one. */
const longestSigning = 30 * day
/** From the moment the next key signs, until the last token signed with this one has ended for everybody. */
const afterglow = 60 * minute

interface Known {
  readonly keys: readonly TokenKey[]
  readonly readAt: number
}

/** All processes on one database have the same keys; each reads them again now and then. */
export function createTokenKeys({ database, clock }: TokenKeysDeps): TokenKeys {
  let known: Known | undefined
  let reading: Promise<Known> | undefined

  async function read(): Promise<Known> {
    const readAt = clock.monotonic()
    known = { keys: (await database.all(signingKeys)).map(keyOf), readAt }
    return known
  }

  const readOnce = (): Promise<Known> => (reading ??= read().finally(() => (reading = undefined)))
  const readWithin = (ms: number): Soon<Known> =>
    known !== undefined && clock.monotonic() - known.readAt < ms ? known : readOnce()

  async function add(keys: readonly TokenKey[]): Promise<TokenKey> {
    await database.transact(addSigningKey, { ...newKey(), after: keys.at(-1)?.id ?? null })
    const signing = signingNow((await read()).keys, clock.now())
    if (signing === undefined) throw new Error('a signing key was made and is not there')
    return signing
  }

  function signing(): Soon<TokenKey> {
    return andThen(readWithin(remembered), ({ keys }) => {
      const newest = keys.at(-1)
      const isOld = newest !== undefined && clock.now() - newest.createdAt >= longestSigning
      return (isOld ? undefined : signingNow(keys, clock.now())) ?? add(keys)
    })
  }

  function find(id: string): Soon<TokenKey | undefined> {
    return andThen(readWithin(remembered), (first) => {
      const found = believed(first.keys, clock.now()).find((key) => key.id === id)
      if (found !== undefined) return found
      return andThen(readWithin(betweenLooks), ({ keys }) => believed(keys, clock.now()).find((key) => key.id === id))
    })
  }

  const published = (): Soon<readonly PublicJwk[]> =>
    andThen(readWithin(remembered), ({ keys }) => believed(keys, clock.now()).map(publicJwk))

  return Object.freeze({ signing, find, published })
}

/** The newest one that every process has; the first one ever is in use at once, since nothing was signed before it. */
function signingNow(keys: readonly TokenKey[], now: number): TokenKey | undefined {
  return keys.findLast(({ createdAt }) => now - createdAt >= announced) ?? keys[0]
}

/** Without those whose successor has been signing for long. */
function believed(keys: readonly TokenKey[], now: number): readonly TokenKey[] {
  return keys.filter((_, index) => {
    const next = keys[index + 1]
    return next === undefined || now - next.createdAt < announced + afterglow
  })
}

function newKey() {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  return {
    id: thumbprint({ ...publicKey.export({ format: 'jwk' }) }),
    privateKey: privateKey.export({ type: 'pkcs8', format: 'der' }).toString('base64'),
    publicKey: publicKey.export({ type: 'spki', format: 'der' }).toString('base64'),
  }
}

function keyOf(row: SigningKeyRow): TokenKey {
  return {
    id: row.id,
    privateKey: createPrivateKey({ key: Buffer.from(row.private_key, 'base64'), format: 'der', type: 'pkcs8' }),
    publicKey: createPublicKey({ key: Buffer.from(row.public_key, 'base64'), format: 'der', type: 'spki' }),
    createdAt: row.created_at,
  }
}

/** Of the members that RFC 7638 wants, in their order; for the key types that tokens are signed with. */
export function thumbprint({ crv, e, kty, n, x, y }: PublicJwk): string {
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

function publicJwk({ id, publicKey }: TokenKey): PublicJwk {
  return { ...publicKey.export({ format: 'jwk' }), kid: id, alg: 'EdDSA', use: 'sig' }
}
