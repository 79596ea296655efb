import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { counts } from '../checks/level.ts'
import { groups } from '../checks/groups.ts'
import { describeFailure } from '../checks/describe-failure.ts'
import { runCheck } from '../checks/run-check.ts'
import { describeTools } from '../clients/describe-tools.ts'
import { differences, knownOutcome } from './differences.ts'
import type { OtherProgram } from '../other-program.ts'
import { startDockerRegistry } from './other-programs.ts'

setDefaultTimeout(180_000)

const checks = groups.flatMap((group) =>
  group.checks.filter(({ level }) => counts(level, 'clients')).map((check) => [`${group.id}/${check.id}`, group, check] as const),
)

// The checks judge another registry too, and are seen to fail. What it does otherwise is data: neither more nor less.
describeTools(['docker-registry'], () => {
  let registry: OtherProgram | undefined
  beforeAll(async () => {
    registry = await startDockerRegistry()
  })
  afterAll(() => registry?.stop())

  test.each(checks)('%s is as known', async (name, group, check) => {
    const result = await runCheck(group, check, { urls: [registry?.url ?? ''], level: 'clients' })
    const expected = knownOutcome(name)
    if (result.outcome !== expected) throw new Error(`expected: ${expected}\n${describeFailure(result)}`)
  })

  test('every difference is that of a check', () => {
    const named = differences.flatMap((difference) => difference.checks)
    expect(named.filter((name, at) => !checks.some(([check]) => check === name) || named.indexOf(name) !== at)).toEqual([])
  })
})
