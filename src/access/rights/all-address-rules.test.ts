import { expect, test } from 'bun:test'
import { forEachDatabase } from '../../database/for-each-database.testing.ts'
import type { Database } from '../../database/index.ts'
import { addAddressRule, removeAddressRule, type RuleOwner } from '../rules/rule-transactions.ts'
import { createTestRights, newRights } from './rights.testing.ts'
import { addressRulesAfter } from './rights-store.ts'

const actor = { identity: 'admin', address: '10.0.0.1' }

forEachDatabase('the address rules of all projects', (kind) => {
  test('are read again when one of them has changed, whatever else changes', async () => {
    const t = await createTestRights(kind)
    try {
      await t.project(1, 'team', 'public')
      await t.account(1, 'alice')
      let readings = 0
      const counting: Database = {
        ...t.database,
        all: (statement, ...values) => {
          if (statement.name === addressRulesAfter.name) readings++
          return t.database.all(statement, ...values)
        },
      }
      const processes = [newRights(counting, t.clock), newRights(counting, t.clock)]
      const excluded = async () => {
        t.clock.advance(1_000)
        return await Promise.all(processes.map(async (rights) => (await rights.listScope(undefined, 'project.read', '10.0.0.1')).excluded))
      }
      const change = (value: number) => t.sql(`update meta set value = $1 where name = 'rights'`, String(value))
      const add = async (owner: RuleOwner) => {
        const outcome = await t.database.transact(addAddressRule, { actor, owner, permissions: undefined, networks: '192.0.2.0/24' })
        return 'ok' in outcome ? outcome.ok.id : 0
      }
      const project = { kind: 'project', id: 1 } as const
      expect(await excluded()).toEqual([[], []])
      for (const value of [10, 11, 12]) {
        await change(value)
        expect(await excluded()).toEqual([[], []])
      }
      expect(readings).toBe(2)
      const [first, second] = [await add(project), await add(project)]
      expect(await excluded()).toEqual([[1], [1]])
      expect(readings).toBe(4)
      await add({ kind: 'account', id: 1 })
      expect(await excluded()).toEqual([[1], [1]])
      expect(readings).toBe(4)
      for (const [id, left] of [[first, [1]], [second, []]] as const) {
        expect(await t.database.transact(removeAddressRule, { actor, owner: project, id })).toEqual({ ok: null })
        expect(await excluded()).toEqual([left, left])
      }
      expect(readings).toBe(8)
    } finally {
      await t.dispose()
    }
  })
})
