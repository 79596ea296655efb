import { describe, expect, test } from 'bun:test'
import { createCountedHashing } from '../identities.testing.ts'
import { argon2Hashing, createPasswords, type PasswordHashing } from './passwords.ts'

describe('real hashes', () => {
  const passwords = createPasswords({ hashing: argon2Hashing, atOnce: 2 })

  test('are argon2id with a salt, and match their password alone', async () => {
    const [hash, other] = [await passwords.hash('plum canoe', 'a'), await passwords.hash('plum canoe', 'a')]
    expect(hash).toStartWith('$argon2id$v=19$m=19456,t=2,p=1$')
    expect(hash).not.toBe(other)
    expect(passwords.isOutdated(hash)).toBe(false)
    expect(await passwords.check('plum canoe', hash, 'a')).toBe('right')
    expect(await passwords.check('Plum canoe', hash, 'a')).toBe('wrong')
  })

  // Written by `htpasswd -nbB -C 5 bob secret-of-bob` (2y), and the same as others write it.
  test.each(['$2y$', '$2b$', '$2a$'])('of %s are read, and are to be made anew', async (beginning) => {
    const made = await Bun.password.hash('secret-of-bob', { algorithm: 'bcrypt', cost: 5 })
    const hash = beginning + made.slice(4)
    expect(passwords.isOutdated(hash)).toBe(true)
    expect(await passwords.check('secret-of-bob', hash, 'a')).toBe('right')
    expect(await passwords.check('secret-of-eve', hash, 'a')).toBe('wrong')
  })
})

test('nobody has a password, and that costs one comparison with the same parameters', async () => {
  const seen: string[] = []
  const hashing: PasswordHashing = { ...argon2Hashing, verify: (password, hash) => (seen.push(hash), argon2Hashing.verify(password, hash)) }
  const passwords = createPasswords({ hashing, atOnce: 2 })
  expect(await passwords.check('plum canoe', undefined, 'a')).toBe('wrong')
  expect(seen).toHaveLength(1)
  expect(passwords.isOutdated(seen[0] ?? '')).toBe(false)
})

test('a wrong password of an imported hash costs the comparison that nobody costs as well', async () => {
  const seen: string[] = []
  const hashing: PasswordHashing = { ...argon2Hashing, verify: (password, hash) => (seen.push(hash), argon2Hashing.verify(password, hash)) }
  const passwords = createPasswords({ hashing, atOnce: 1 })
  const imported = await Bun.password.hash('secret-of-bob', { algorithm: 'bcrypt', cost: 5 })
  expect(await passwords.check('secret-of-eve', imported, 'a')).toBe('wrong')
  await passwords.check('secret-of-eve', undefined, 'a')
  expect(seen).toEqual([imported, seen[2] ?? '', seen[1] ?? ''])
  expect(seen).toHaveLength(3)
})

test('a password that is too long is not hashed', async () => {
  const { hashing, counts } = createCountedHashing()
  const passwords = createPasswords({ hashing, atOnce: 1 })
  expect(await passwords.check('x'.repeat(65_536), undefined, 'a')).toBe('wrong')
  expect(counts.compared).toBe(0)
})

test('a flood is turned away, and what fails gives its turn back', async () => {
  const gate = Promise.withResolvers<boolean>()
  let running = 0
  let most = 0
  const hashing: PasswordHashing = {
    hash: () => Promise.reject(new Error('no memory')),
    verify: async () => {
      most = Math.max(most, ++running)
      const answer = await gate.promise
      running--
      return answer
    },
  }
  const passwords = createPasswords({ hashing, atOnce: 2 })
  const flood = Array.from({ length: 200 }, (_, at) => passwords.check('plum canoe', 'hash', `network ${at % 20}`))
  gate.resolve(true)
  const answers = await Promise.all(flood)
  expect(most).toBe(2)
  expect(answers.filter((answer) => answer === 'right')).toHaveLength(2 + 32)
  expect(answers.filter((answer) => answer === 'busy')).toHaveLength(200 - 34)
  for (let at = 0; at < 5; at++) expect(passwords.hash('plum canoe', 'a')).rejects.toThrow('no memory')
  expect(await passwords.check('plum canoe', 'hash', 'a')).toBe('right')
})
