import { afterEach, beforeEach, expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import { actor, addAdmin, createWorld, principalOf, type World } from '../identities.testing.ts'
import { importHtpasswd } from './htpasswd.ts'

forEachDatabase('a file of htpasswd', (kind) => {
  let world: World
  beforeEach(async () => {
    world = await createWorld(kind)
  })
  afterEach(() => world.dispose())

  test('becomes accounts without rights; what cannot be one is named by its line', async () => {
    await addAdmin(world, 'root')
    const hash = (cost = '05') => `$2y$${cost}$${'a'.repeat(53)}`
    const lines = [
      '# users of the old registry', `alice:${hash()}`, '', `bob:${hash('10')}\r`, `root:${hash()}`, 'carol:$apr1$salt$hash', 'dave:plain',
      `Erin:${hash()}`, `frank:${hash('31')}`, 'no colon', `:${hash()}`, `alice:${hash()}`, `\ufeffgina:${hash()}`, `\u2028gina:${hash()}`, ` gina:${hash()}`,
    ]
    const result = await importHtpasswd(world.database, (step) => step(actor), `\ufeff${lines.join('\n')}`)
    expect(result).toEqual({
      imported: ['alice', 'bob'],
      skipped: [
        { line: 5, reason: 'exists' },
        { line: 6, reason: 'hash' },
        { line: 7, reason: 'hash' },
        { line: 8, reason: 'name' },
        { line: 9, reason: 'cost' },
        { line: 10, reason: 'name' },
        { line: 11, reason: 'name' },
        { line: 12, reason: 'exists' },
        { line: 13, reason: 'name' },
        { line: 14, reason: 'name' },
        { line: 15, reason: 'name' },
      ],
    })
    expect((await importHtpasswd(world.database, (step) => step(actor), lines.join('\n'))).imported).toEqual([])
    expect(JSON.stringify(await world.events())).not.toContain('$2y$')
    await world.run(`update account set password_hash = 'bcrypt of old password' where name = 'alice'`)
    expect(await principalOf(world, 'alice', 'old password')).toMatchObject({ groups: [], mustChange: false })
  })

  test('is refused whole when it is too large', () => {
    expect(importHtpasswd(world.database, (step) => step(actor), 'x'.repeat(15 * 1024 + 1))).rejects.toThrow('more than')
  })
})
