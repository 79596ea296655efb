import { describe, expect, test } from 'bun:test'
import type { Database } from '../../database/index.ts'
import { createManualClock, type ManualClock } from '../../lib/index.ts'
import { RegistryError } from '../../oci/index.ts'
import { createRightsVersion, type RightsVersion } from './rights-version.ts'

/** A database of which only the version is read; each reading waits until it is answered. */
function createSource(commits?: () => number) {
  const waiting: { answer(version: number): void; fail(): void }[] = []
  const one = () =>
    new Promise((resolve, reject) => {
      waiting.push({ answer: (version) => resolve({ version }), fail: () => reject(new Error('no connection')) })
    })
  const next = () => {
    const reading = waiting.shift()
    if (reading === undefined) throw new Error('nothing is being read')
    return reading
  }
  return { database: { version: commits, one } as unknown as Database, next, readings: () => waiting.length }
}

const codeOf = async (of: () => unknown): Promise<string> => {
  try {
    return `answered ${String(await of())}`
  } catch (error) {
    return error instanceof RegistryError ? error.code : String(error)
  }
}

describe('the version of rights where other nodes write', () => {
  const begin = async (): Promise<{ clock: ManualClock; version: RightsVersion; source: ReturnType<typeof createSource> }> => {
    const [clock, source] = [createManualClock(), createSource()]
    const version = createRightsVersion(source.database, clock)
    const first = version.current()
    source.next().answer(1)
    expect(await first).toBe(1)
    return { clock, version, source }
  }

  test('is read once a second, by one for all who ask', async () => {
    const { clock, version, source } = await begin()
    clock.advance(999)
    expect(version.current()).toBe(1)
    clock.advance(1)
    const asked = [version.current(), version.current()]
    expect(source.readings()).toBe(1)
    source.next().answer(2)
    expect(await asked[0]).toBe(2)
    expect(version.current()).toBe(2)
  })

  test('is believed for five seconds while it cannot be read, and not a moment longer', async () => {
    const { clock, version, source } = await begin()
    for (let second = 1; second < 5; second++) {
      clock.advance(1_000)
      const asked = version.current()
      source.next().fail()
      expect(await asked).toBe(1)
      // The next one does not wait for another try.
      expect(version.current()).toBe(1)
    }
    clock.advance(1_000)
    const late = codeOf(() => version.current())
    source.next().fail()
    expect(await late).toBe('UNAVAILABLE')
    const again = codeOf(() => version.current())
    source.next().answer(7)
    expect(await again).toBe('answered 7')
  })

  test('does not count from when a slow answer came, but from when it was asked for', async () => {
    const { clock, version, source } = await begin()
    clock.advance(1_000)
    const slow = codeOf(() => version.current())
    clock.advance(5_000)
    source.next().answer(1)
    expect(await slow).toBe('UNAVAILABLE')
  })

  test('is not decided by when nothing was ever read', async () => {
    const source = createSource()
    const version = createRightsVersion(source.database, createManualClock())
    const asked = codeOf(() => version.current())
    source.next().fail()
    expect(await asked).toBe('UNAVAILABLE')
  })
})

describe('the version of rights on SQLite', () => {
  test('is read again after a commit, and at no other time', async () => {
    let commits = 1
    const source = createSource(() => commits)
    const version = createRightsVersion(source.database, createManualClock())
    const first = version.current()
    source.next().answer(1)
    expect(await first).toBe(1)
    expect(version.current()).toBe(1)
    commits = 2
    const second = version.current()
    // One that commits meanwhile is read, too.
    commits = 3
    source.next().answer(1)
    while (source.readings() === 0) await Promise.resolve()
    source.next().answer(2)
    expect(await second).toBe(2)
    expect(version.current()).toBe(2)
  })

  test('fails when it cannot be read', async () => {
    const source = createSource(() => 1)
    const asked = codeOf(() => createRightsVersion(source.database, createManualClock()).current())
    source.next().fail()
    expect(await asked).toBe('Error: no connection')
  })
})
