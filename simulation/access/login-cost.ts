// bun simulation/access/login-cost.ts: what a login costs, and that it does not tell which names exist (bar S33).
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { argon2Hashing, createIdentities, createRightsVersion } from '../../src/access/index.ts'
import { inlineWriter, openSqliteDatabase } from '../../src/database/index.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { transactions } from '../../src/transactions.ts'

const logins = 400
const accounts = 20
const password = 'plum-Canoe 77 riddle'

const folder = mkdtempSync(join(tmpdir(), 'berth-login-cost-'))
const database = await openSqliteDatabase({
  path: join(folder, 'berth.db'),
  mustExist: false,
  startWriter: () => inlineWriter(transactions),
  clock: systemClock,
  ids: systemIds,
  onFatal: (error) => {
    throw error
  },
})
const identities = createIdentities({
  database,
  clock: systemClock,
  ids: systemIds,
  version: createRightsVersion(database, systemClock),
  hashing: argon2Hashing,
  hashesAtOnce: 1,
  sources: [],
  warn: (message, details) => console.error(message, details),
})
try {
  const actor = { identity: 'login-cost', address: '127.0.0.1' }
  for (let at = 0; at < accounts; at++) await identities.accounts.create(actor, { name: `known${at}`, password })
  await measureNames()
  await measureMemory()
} finally {
  await identities.close()
  await database.close()
  rmSync(folder, { recursive: true })
}

/** Wrong passwords for names that exist and for names that do not, in turns, each from an address of its own: no lock in between. */
async function measureNames(): Promise<void> {
  const times = { known: [] as number[], unknown: [] as number[] }
  for (let at = 0; at < 2 * logins; at++) {
    const kind = at % 4 === 0 || at % 4 === 3 ? 'known' : 'unknown'
    const address = `10.${at >> 16}.${(at >> 8) & 255}.${at & 255}`
    const began = performance.now()
    const answer = await identities.authenticator.basic(`${kind}${at % accounts}`, `wrong password ${at}`, address)
    times[kind].push(performance.now() - began)
    if (!('failed' in answer) || answer.failed !== 'wrong') throw new Error(`login ${at} answered ${JSON.stringify(answer)}`)
  }
  const [known, unknown] = [median(times.known), median(times.unknown)]
  const difference = (100 * Math.abs(known - unknown)) / Math.min(known, unknown)
  console.log(`${logins} wrong passwords each: median ${known.toFixed(2)} ms for names that exist, ${unknown.toFixed(2)} ms for others: ${difference.toFixed(2)} % apart`)
}

/** The same login again, answered from memory. */
async function measureMemory(): Promise<void> {
  await identities.authenticator.basic('known0', password, '127.0.0.1')
  const rounds = 200_000
  const began = performance.now()
  for (let at = 0; at < rounds; at++) {
    if (identities.authenticator.basic('known0', password, '127.0.0.1') instanceof Promise) throw new Error('it was not in memory')
  }
  console.log(`a login in memory: ${(((performance.now() - began) * 1000) / rounds).toFixed(2)} µs`)
}

function median(of: readonly number[]): number {
  const sorted = [...of].sort((a, b) => a - b)
  return sorted[sorted.length >> 1] ?? NaN
}
