import { expect, test } from 'bun:test'
import { systemIds } from '../../lib/index.ts'
import { hashSecret, newSecret, secretKind } from './secret.ts'

test('secrets tell their kind, are all different, and have a hash that does not tell them', () => {
  const secrets = (['robot', 'personal', 'key', 'refresh'] as const).flatMap((kind) =>
    Array.from({ length: 100 }, () => {
      const secret = newSecret(kind, systemIds)
      expect(secretKind(secret)).toBe(kind)
      return secret
    }),
  )
  expect(new Set(secrets).size).toBe(400)
  for (const secret of secrets) {
    expect(Buffer.from(secret.slice(4), 'base64url')).toHaveLength(32)
    expect(hashSecret(secret)).toMatch(/^[0-9a-f]{64}$/)
  }
})

const whole = newSecret('robot', systemIds)
test.each([
  ['cut', whole.slice(0, -1)],
  ['longer', `${whole}a`],
  ['with another letter', `${whole.slice(0, -1)}é`],
  ['with padding', `${whole.slice(0, -1)}=`],
  ['with a line end', `${whole.slice(0, -1)}\n`],
  ['64 KB', `brt_${'a'.repeat(65_536)}`],
])('one that is %s is malformed', (_how, text) => {
  expect(secretKind(text)).toBe('malformed')
})

test.each(['', 'plum canoe', 'brt', 'BRT_', 'xbrt_'])('%j is none', (text) => {
  expect(secretKind(text)).toBeUndefined()
})
