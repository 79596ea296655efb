import { expect, test } from 'bun:test'
import type { Database } from '../../src/database/index.ts'
import type { Plant } from './fault-loop.ts'
import { faultRound } from './fault-round.ts'
import { faultKinds } from './injector.ts'

// Each run fails each call in one way; which, depends on the seed. BERTH_TEST_SEED=<seed> makes the same choice again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? 1 + Math.floor(Math.random() * faultKinds.length))

test('each call of each scenario fails: old state or new, an honest answer, and well when tried again', async () => {
  const { scenarios, faults, kinds, calls } = await faultRound(seed)
  console.log(`faults, seed ${seed}: ${faults} in ${scenarios} scenarios, ${JSON.stringify(kinds)}`)
  expect(scenarios).toBeGreaterThanOrEqual(25)
  expect(Object.keys(kinds).sort()).toEqual([...faultKinds].sort())
  expect(faults).toBeGreaterThan(300)
  const storage = ['open', 'write', 'read', 'size', 'sync', 'close', 'mkdir', 'rename', 'unlink', 'stat', 'copy', 'syncDirectory']
  const written = [
    'claim upload', 'advance upload', 'name upload object', 'commit blob', 'cancel upload', 'expire upload', 'mount blob',
    'put manifest', 'delete tag', 'delete manifest', 'delete blob', 'collect link', 'collect blob', 'collect object', 'forget object',
    'renew lease', 'mark damaged',
  ]
  const wanted = [...storage.map((call) => `storage ${call}`), ...['one', 'all', ...written].map((call) => `database ${call}`)]
  expect(wanted.filter((call) => calls[call] === undefined)).toEqual([])
}, 240_000)

/** A transaction that is not run, or whose failure is not told. */
function transacting(name: string, run: (work: () => Promise<unknown>) => Promise<unknown>): Plant {
  return {
    database: (database) => ({
      ...database,
      transact: (async (transaction: { readonly name: string }, input: never, operationId?: string) => {
        const work = (): Promise<unknown> => database.transact(transaction as never, input, operationId)
        return transaction.name === name ? await run(work) : await work()
      }) as Database['transact'],
    }),
  }
}

const skipped = async (): Promise<unknown> => ({ ok: null })
const deaf = async (work: () => Promise<unknown>): Promise<unknown> => await work().catch(() => ({ ok: { repository: 1 } }))

/** Whatever fails, it is called a failed medium. */
const renamingErrors: Plant['fileSystem'] = (fs) => ({
  ...fs,
  mkdir: (path) => fs.mkdir(path).catch((error: Error & { code?: string }) => {
    if (error.code === 'ENOSPC') error.code = 'EIO'
    throw error
  }),
})

test.each<[string, Plant, string]>([
  ['a key is not written down before the file is renamed', transacting('name upload object', skipped), 'file-misplaced'],
  ['a tag is acknowledged that was not deleted', transacting('delete tag', deaf), 'and left'],
  ['a commit that failed is acknowledged', transacting('commit blob', deaf), 'and left'],
  ['a file is forgotten that could not be deleted', { fileSystem: (fs) => ({ ...fs, unlink: async () => undefined }) }, 'file-unknown'],
  ['a full disk is reported as a failed one', { fileSystem: renamingErrors }, 'answered {"refused":"UNKNOWN"}'],
])('is found out when %s', async (_, plant, finding) => {
  const found = async (): Promise<string | undefined> => {
    for (const each of faultKinds.keys()) {
      const error = await faultRound(each + 1, plant).then(() => undefined, (reason: unknown) => reason as Error)
      if (error !== undefined) return error.message
    }
    return undefined
  }
  expect(await found()).toContain(finding)
}, 240_000)
