import { describe, setDefaultTimeout, test } from 'bun:test'
import { groups } from '../checks/groups.ts'
import { runCheck } from '../checks/run-check.ts'
import { describeFailure } from '../checks/describe-failure.ts'
import { forEachTarget } from '../for-each-server.ts'

setDefaultTimeout(180_000)

/** What Berth does only where it is set to. */
const unset = ['data-sets/sparse']

// It has to pass all the others: what it does not support is as wrong as what it does wrongly.
forEachTarget('checks', (target) => {
  describe.each(groups.map((group) => [group.id, group] as const))('%s', (_, group) => {
    test.each(group.checks.map((check) => [check.id, check] as const))('%s', async (__, check) => {
      const result = await runCheck(group, check, target())
      const expected = unset.includes(result.check) ? 'not supported' : 'passed'
      if (result.outcome !== expected) throw new Error(describeFailure(result))
    })
  })
})
