import { generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createManualClock } from '../../lib/index.ts'
import type { Principal } from '../principal.ts'
import { createTokenCheck } from './token-check.ts'
import type { TokenHolder } from './token-claims.ts'
import type { TokenKey } from './token-keys.ts'

export const alice: Principal = {
  kind: 'account', id: 7, name: 'alice', version: 3, groups: [2], project: undefined, ceilings: [], mustChange: false,
}

/** A check with one key, one account, and everything in the test's hand. */
export function createTestCheck() {
  const clock = createManualClock(Date.UTC(2026, 0, 1))
  const { privateKey, publicKey } = generateKeyPairSync('ed25519')
  const key: TokenKey = { id: 'the-key', privateKey, publicKey, createdAt: clock.now() }
  const state = { version: 1, recalls: 0, principal: alice as Principal | undefined, until: undefined as number | undefined }
  const holders = {
    recall: ({ kind, id, version }: TokenHolder) => {
      state.recalls++
      const { principal } = state
      return principal?.kind === kind && principal.id === id && principal.version === version ? { principal, until: state.until } : undefined
    },
    projectMade: (_holder: TokenHolder, name: string) => (name === 'mine' ? 9 : undefined),
  }
  const check = createTokenCheck({
    keys: { find: (id) => (id === key.id ? key : undefined) },
    holders,
    rightsVersion: { current: () => state.version },
    clock,
    issuer: 'berth:here',
    service: 'berth:here',
  })
  const seconds = Math.floor(clock.now() / 1000)
  const claims = {
    iss: 'berth:here',
    sub: 'alice',
    aud: 'berth:here',
    exp: seconds + 300,
    nbf: seconds,
    iat: seconds,
    jti: '5b2f0f0e-0000-4000-8000-000000000001',
    access: [{ type: 'repository', name: 'team/app', actions: ['pull', 'push'], project: 5 }],
    holder: { kind: 'account', id: 7, version: 3 },
  }
  const header = { alg: 'EdDSA', kid: key.id, typ: 'JWT' }
  return { clock, key, state, check, seconds, claims, header }
}

export const encode = (value: unknown): string => Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url')

/** Signs whatever stands there, as whoever holds the key could: header and claims as values or as the JSON itself. */
export function forge(key: KeyObject, header: unknown, claims: unknown): string {
  const text = `${encode(header)}.${encode(claims)}`
  return `${text}.${sign(null, Buffer.from(text), key).toString('base64url')}`
}

export const pemOf = (key: KeyObject): string => key.export({ type: 'spki', format: 'pem' }) as string
