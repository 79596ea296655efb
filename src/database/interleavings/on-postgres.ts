import { afterAll, beforeAll, describe } from 'bun:test'
import { testPostgres } from '../for-each-database.testing.ts'
import { openArena, type Arena } from './arena.ts'

const minute = 60_000

/** A suite with as many arenas as it asks for; without a PostgreSQL it is shown as skipped. */
export function onPostgres(name: string, count: number, suite: (arenas: readonly Arena[]) => void): void {
  const server = testPostgres()
  if (server === undefined) {
    describe.skip(`${name} (skipped: BERTH_TEST_POSTGRES is not set)`, () => suite([]))
    return
  }
  describe(name, () => {
    const arenas: Arena[] = []
    beforeAll(async () => {
      for (let opened = 0; opened < count; opened++) arenas.push(await openArena(server))
    }, minute)
    afterAll(async () => {
      for (const arena of arenas) await arena.close()
    }, minute)
    suite(arenas)
  })
}
