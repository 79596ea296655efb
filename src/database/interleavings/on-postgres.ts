import { afterAll, beforeAll, describe } from 'bun:test'
import { testPostgres } from '../for-each-database.testing.ts'
import { openArena, type Arena } from './arena.ts'
import { openLane, type Lane } from './lane.ts'

const minute = 60_000

interface Closable {
  close(): Promise<void>
}

/** A suite with as many arenas as it asks for; without a PostgreSQL it is shown as skipped. */
export function onPostgres(name: string, count: number, suite: (arenas: readonly Arena[]) => void): void {
  withOpen(name, count, openArena, suite)
}

/** The same with lanes. */
export function inLanes(name: string, count: number, suite: (lanes: readonly Lane[]) => void): void {
  withOpen(name, count, openLane, suite)
}

function withOpen<T extends Closable>(
  name: string,
  count: number,
  open: (server: string) => Promise<T>,
  suite: (all: readonly T[]) => void,
): void {
  const server = testPostgres()
  if (server === undefined) {
    describe.skip(`${name} (skipped: BERTH_TEST_POSTGRES is not set)`, () => suite([]))
    return
  }
  describe(name, () => {
    const all: T[] = []
    beforeAll(async () => {
      for (let opened = 0; opened < count; opened++) all.push(await open(server))
    }, minute)
    afterAll(async () => {
      for (const one of all) await one.close()
    }, minute)
    suite(all)
  })
}
