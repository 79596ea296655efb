import { expect, test } from 'bun:test'
import { createPublicKey } from 'node:crypto'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { transactionTable } from '../../database/index.ts'
import { createManualClock } from '../../lib/index.ts'
import { signingKeys } from './token-key-store.ts'
import { addSigningKey } from './token-key-transactions.ts'
import { createTokenKeys, thumbprint } from './token-keys.ts'
import { isSignedBy, parseToken, signToken } from './token-text.ts'

const minute = 60_000
const day = 24 * 60 * minute

forEachDatabase('signing keys', (kind) => {
  async function start() {
    const clock = createManualClock(Date.UTC(2026, 0, 1))
    const table = transactionTable([addSigningKey])
    const { database, dispose } = await kind.create(table, clock)
    return { clock, database, dispose, process: () => createTokenKeys({ database, clock }) }
  }

  test('are made at first need, once for all processes, and sign at once', async () => {
    const { database, dispose, process } = await start()
    try {
      const [one, other] = [process(), process()]
      const keys = await Promise.all([one.signing(), one.signing(), other.signing()])
      expect(new Set(keys.map(({ id }) => id)).size).toBe(1)
      expect(await database.all(signingKeys)).toHaveLength(1)
      expect((await process().find(keys[0].id))?.id).toBe(keys[0].id)
    } finally {
      await dispose()
    }
  })

  test('a process that has read none finds one made by another within a second', async () => {
    const { clock, dispose, process } = await start()
    try {
      const [one, other] = [process(), process()]
      expect(await other.find('nobody')).toBeUndefined()
      const { id } = await one.signing()
      expect(await other.find(id)).toBeUndefined()
      clock.advance(1000)
      expect((await other.find(id))?.id).toBe(id)
    } finally {
      await dispose()
    }
  })

  test('a new one signs once all have it, and the old one is believed until its last token has ended', async () => {
    const { clock, database, dispose, process } = await start()
    try {
      const [one, other] = [process(), process()]
      const first = await one.signing()
      clock.advance(30 * day)
      const still = await one.signing()
      expect(still.id).toBe(first.id)
      expect(await database.all(signingKeys)).toHaveLength(2)
      clock.advance(5 * minute)
      const second = await other.signing()
      expect(second.id).not.toBe(first.id)
      expect((await one.find(second.id))?.id).toBe(second.id)
      expect((await one.find(first.id))?.id).toBe(first.id)
      expect((await one.published()).map(({ kid }) => kid)).toEqual([first.id, second.id])
      clock.advance(61 * minute)
      expect(await one.find(first.id)).toBeUndefined()
      expect((await other.published()).map(({ kid }) => kid)).toEqual([second.id])
      clock.advance(30 * day)
      await one.signing()
      expect((await database.all(signingKeys)).map(({ id }) => id)).toEqual([second.id, expect.any(String)])
    } finally {
      await dispose()
    }
  })

  test('are not made by whoever asks for them', async () => {
    const { database, dispose, process } = await start()
    try {
      expect(await process().published()).toEqual([])
      expect(await database.all(signingKeys)).toEqual([])
    } finally {
      await dispose()
    }
  })

  test('are published so that others can check with them, and nothing else of them is', async () => {
    const { dispose, process } = await start()
    try {
      const keys = process()
      const { id, privateKey } = await keys.signing()
      const [jwk = {}] = await keys.published()
      expect(Object.keys(jwk).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
      const parts = parseToken(signToken(privateKey, id, { iss: 'here' }))
      if (parts === undefined) throw new Error('no token')
      expect(isSignedBy(createPublicKey({ key: jwk, format: 'jwk' }), 'EdDSA', parts)).toBe(true)
      expect(thumbprint(jwk)).toBe(id)
    } finally {
      await dispose()
    }
  })
})

test('a thumbprint is that of RFC 8037, appendix A.3', () => {
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: '11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo' }
  expect(thumbprint(jwk)).toBe('kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k')
})
