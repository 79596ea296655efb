import { expect, test } from 'bun:test'
import type { Statement } from '../statement.ts'
import { transaction, type AnyTransaction } from '../transaction.ts'
import type { Arena } from './arena.ts'
import type { Task } from './contender.ts'
import { meet, type Contest } from './encounter.ts'
import { onPostgres } from './on-postgres.ts'
import { operationNamed } from './operations.ts'
import { broken } from './planted.ts'
import { clear, now, type State } from './rows.ts'
import { pairOf } from './verdict.ts'

const minutes = 60_000

onPostgres('the orders of two transactions', 1, (arenas) => {
  const arena = (): Arena => arenas[0] as Arena

  test('are all there are when every step depends on every other', async () => {
    const contest = pairOf(operationNamed('touch upload'), operationNamed('mark damaged'), 'a manifest refers to the layer')
    expect(await meet(arena(), contest, () => true)).toMatchObject({ schedules: 20, waited: 0, deadlocks: 0 }) // 6 over 3
  })

  // Pairs that block each other, that only read, and that are broken, so that there is much to be lost.
  const compared: [string, Contest][] = [
    ['lost updates', contestOf(increment('a', 'b'), increment('a', 'c'))],
    ['a deadlock', contestOf(moveBoth('a', 'b', 1), moveBoth('b', 'a', 2))],
    ['write skew', contestOf(moveUnless('a', 'b'), moveUnless('b', 'a'))],
    ['a renewal and the collector', paired('renew lease', 'collect link', 'the lease is over')],
    ['a deletion and the collector', paired('delete blob', 'collect blob', 'the lease is over')],
    ['two first pushes', paired('claim a session without a row', 'claim a session without a row', 'nothing is there')],
    ['a commit and damage', paired('commit blob', 'mark damaged', 'the layer has no link')],
    [
      'a broken collector and a deletion',
      pairOf(
        broken(operationNamed('collect blob'), (text) => (/from blob/.test(text) ? text.replace('for update', '') : text)),
        operationNamed('delete blob'),
        'the lease is over',
      ),
    ],
  ]
  test.each(compared)(
    'come to nothing that the chosen ones do not come to: %s',
    async (_title, contest) => {
      const chosen = await meet(arena(), contest)
      const all = await meet(arena(), contest, () => true)
      expect([...chosen.results].sort()).toEqual([...all.results].sort())
      expect([...chosen.faults.keys()].sort()).toEqual([...all.faults.keys()].sort())
      expect(chosen.schedules).toBeLessThanOrEqual(all.schedules)
    },
    5 * minutes,
  )

  test('in a deadlock let either give way', async () => {
    const { deadlocks, results, faults } = await meet(arena(), contestOf(moveBoth('a', 'b', 1), moveBoth('b', 'a', 2)))
    expect(deadlocks).toBe(2)
    expect(results.size).toBe(2)
    expect([...faults.keys()]).toEqual([])
  })

  test('show a lost update and how it came about', async () => {
    const { faults } = await meet(arena(), contestOf(increment('a', 'b'), increment('a', 'c')))
    const [[complaint, schedule] = []] = faults
    expect(complaint).toStartWith('what no serial order gives: gc_queue')
    expect(schedule).toContain('0: select due_at from gc_queue')
  })
})

function paired(first: string, second: string, state: State): Contest {
  return pairOf(operationNamed(first), operationNamed(second), state)
}

const sql = <Row>(name: string, postgres: string): Statement<Row> => ({ name, postgres, sqlite: '' })
const read = sql<{ due_at: number }>('toy_read', 'select due_at from gc_queue where kind = $1 and key = $2')
const write = sql('toy_write', 'update gc_queue set due_at = $3 where kind = $1 and key = $2')

/** Reads a number and writes it back, greater by one, without a lock; and writes something that the other one does not touch. */
function increment(key: string, aside: string): AnyTransaction {
  return transaction('increment', async (tx) => {
    await tx.run(write, 'blob', aside, 1)
    const row = await tx.one(read, 'blob', key)
    await tx.run(write, 'blob', key, (row?.due_at ?? 0) + 1)
    return { ok: null }
  })
}

function moveBoth(first: string, second: string, to: number): AnyTransaction {
  return transaction('move both', async (tx) => {
    await tx.run(write, 'blob', first, to)
    await tx.run(write, 'blob', second, to)
    return { ok: null }
  })
}

/** Writes one row unless the other one was written. */
function moveUnless(mine: string, other: string): AnyTransaction {
  return transaction('move unless', async (tx) => {
    if ((await tx.one(read, 'blob', other))?.due_at === 1) return { refused: 'LATE' }
    await tx.run(write, 'blob', mine, 1)
    return { ok: null }
  })
}

const queue = `${clear}; insert into gc_queue (kind, key, due_at) values ('blob', 'a', 0), ('blob', 'b', 0), ('blob', 'c', 0)`

function contestOf(first: AnyTransaction, second: AnyTransaction): Contest {
  const task = (operationId: string, of: AnyTransaction): Task => {
    return { transaction: of, input: undefined, operationId, now, again: false }
  }
  return { rows: queue, tasks: [task('first', first), task('second', second)], judge: () => [], inTime: false, tolerated: [] }
}
