import { expect, test } from 'bun:test'
import type { Arena } from './arena.ts'
import { meet } from './encounter.ts'
import { onPostgres } from './on-postgres.ts'
import { operations } from './operations.ts'
import { answersDifferently, repeated } from './verdict.ts'

/**
 * Nobody acts on what these answer: the collector comes again, a reader only wants the mark, who wanted a key reads which one there is
 * now, a login goes on with either hash, and whoever clears jobs or usage or
 * looks at schedules comes again.
 */
const answersToNobody = new Set(
  'expire upload, collect link, collect blob, collect trash, collect manifest, mark damaged, restore object, drop content, add signing key, rehash password, clear jobs, clear usage, fire schedule'.split(', '),
)

onPostgres('an operation that is repeated while its first attempt may be under way', 1, (arenas) => {
  test.each(operations.map((operation) => [operation.name, operation] as const))(
    'changes nothing again: %s',
    async (_, operation) => {
      const complaints = new Set<string>()
      for (const state of operation.states) {
        const { faults } = await meet(arenas[0] as Arena, repeated(operation, state))
        for (const complaint of faults.keys()) complaints.add(complaint)
      }
      if (answersToNobody.has(operation.transaction.name)) complaints.delete(answersDifferently)
      expect([...complaints]).toEqual([])
    },
    300_000,
  )
})
