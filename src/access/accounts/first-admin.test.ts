import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { systemIds } from '../../lib/index.ts'
import { AccessError } from '../access-error.ts'
import { actor, addAdmin, createCountedHashing, createWorld, good, principalOf, type World } from '../identities.testing.ts'
import { createPasswords } from '../secrets/passwords.ts'
import { ensureFirstAdmin, initialPasswordChanged, type PasswordFile } from './first-admin.ts'

function createFile() {
  const kept: { text: string | undefined } = { text: undefined }
  const file: PasswordFile = {
    read: () => Promise.resolve(kept.text),
    keep: (text, form) => Promise.resolve((kept.text = form.test(kept.text ?? '') ? (kept.text as string) : text)),
    remove: () => Promise.resolve(void (kept.text = undefined)),
  }
  return { kept, file }
}

forEachDatabase('the first admin', (kind) => {
  let world: World
  let disk: ReturnType<typeof createFile>
  const start = async (given?: string, file = disk.file) => {
    const passwords = createPasswords({ hashing: createCountedHashing().hashing, atOnce: 2 })
    return await ensureFirstAdmin({ database: world.database, passwords, ids: systemIds, file, given })
  }
  beforeEach(async () => {
    world = await createWorld(kind)
    disk = createFile()
  })
  afterEach(() => world.dispose())

  test('has a password that was generated, said once, and kept until it is changed', async () => {
    const made = await start()
    const password = made?.password ?? ''
    expect(made?.name).toBe('admin')
    expect(password).toMatch(/^([a-z2-9]{5}-){4}[a-z2-9]{5}$/)
    expect(disk.kept.text).toBe(`${password}\n`)
    expect(await principalOf(world, 'admin', password)).toMatchObject({ name: 'admin', mustChange: false })
    expect(await start()).toBeUndefined()
    expect(disk.kept.text).toBe(`${password}\n`)
    await initialPasswordChanged(disk.file)('bob')
    expect(disk.kept.text).toBeDefined()
    await initialPasswordChanged(disk.file)('admin')
    expect(disk.kept.text).toBeUndefined()
    expect(JSON.stringify(await world.events())).not.toContain(password)
  })

  test('can administer: it is the last admin', async () => {
    await start()
    expect(world.identities.accounts.remove(actor, 'admin')).rejects.toThrow('last account')
  })

  test('has the password that was given, which is kept nowhere', async () => {
    expect(await start(good)).toEqual({ name: 'admin', password: undefined })
    expect(disk.kept.text).toBeUndefined()
    expect(await principalOf(world, 'admin', good)).toMatchObject({ name: 'admin' })
  })

  test.each(['admin', 'Harbor12345', 'password', ''])('is not made with the password %j', async (given) => {
    const failure: unknown = await start(given).catch((error: unknown) => error)
    expect(failure).toBeInstanceOf(AccessError)
    expect(await world.identities.accounts.find('admin')).toBeUndefined()
  })

  test('is not made where somebody can administer', async () => {
    await addAdmin(world, 'root')
    expect(await start()).toBeUndefined()
    expect(disk.kept.text).toBeUndefined()
    expect(await world.identities.accounts.find('admin')).toBeUndefined()
  })

  test('is one, when two start at once', async () => {
    const made = await Promise.all([start(), start()])
    const [first, ...others] = made.filter((one) => one !== undefined)
    expect(others).toEqual([])
    expect(disk.kept.text).toBe(`${first?.password}\n`)
    expect(await principalOf(world, 'admin', first?.password ?? '')).toMatchObject({ name: 'admin' })
  })

  test('of two with folders of their own, whose password is kept by the one that made it alone', async () => {
    const other = createFile()
    const made = await Promise.all([start(), start(undefined, other.file)])
    expect([disk.kept.text, other.kept.text]).toEqual(made.map((one) => one && `${one.password}\n`))
  })

  test('has the password that a server kept which died before it made the account', async () => {
    const text = 'abcde-fghij-kmnpq-rstuv-wxyz2\n'
    disk.kept.text = text
    expect(await start()).toEqual({ name: 'admin', password: text.trim() })
    expect(disk.kept.text).toBe(text)
  })

  test('a file whose password is not the right one any more is removed at the next start', async () => {
    await start()
    await world.identities.accounts.resetPassword(actor, 'admin', good)
    expect(disk.kept.text).toBeDefined()
    await start()
    expect(disk.kept.text).toBeUndefined()
  })
})
