import { expect, test } from 'bun:test'
import { statement, type Database } from '../../src/database/index.ts'
import { preconditionHolds, type Precondition } from '../../src/oci/index.ts'
import { concurrentOperations, contendingOperations } from './arbitrary.testing.ts'
import { checkConcurrency } from './concurrent.testing.ts'
import { checkEquivalence, missingAnswers } from './equivalence.testing.ts'

// New histories in each run; a failure names its seed, and BERTH_TEST_SEED=<seed> makes the same ones again.
const seed = Number(process.env['BERTH_TEST_SEED'] ?? Math.floor(Math.random() * 1e6))

test('2,000 histories of up to 60 operations: the core answers what the specification says', async () => {
  const { runs, operations, answers } = await checkEquivalence({ seed, runs: 2_000, length: 60 })
  console.log(`model, seed ${seed}: ${runs} runs, ${operations} operations, ${Object.keys(answers).length} kinds of answers`)
  expect(missingAnswers(answers)).toEqual([])
}, 180_000)

/** Changes what one transaction is given, or answers in its place. */
function instead(name: string, change: (input: never) => { readonly input: unknown } | { readonly outcome: unknown }) {
  return (database: Database): Database => ({
    ...database,
    transact: (async (transaction: { readonly name: string }, input: never, operationId?: string) => {
      const changed = transaction.name === name ? change(input) : { input }
      if ('outcome' in changed) return changed.outcome
      return await database.transact(transaction as never, changed.input as never, operationId)
    }) as Database['transact'],
  })
}

const without = (member: string) => (input: object) => ({ input: { ...input, [member]: undefined } })
const done = (result: unknown) => () => ({ outcome: { ok: result } })

/** The last of several rows is left out. */
const shortened = (marker: RegExp) => (database: Database): Database => ({
  ...database,
  all: async (statement, ...values) => {
    const rows = await database.all(statement, ...values)
    return marker.test(statement.sqlite) && rows.length > 1 ? rows.slice(0, -1) : rows
  },
})

test.each<[string, (database: Database) => Database]>([
  ['a condition is not looked at', instead('put manifest', without('precondition'))],
  ['a condition is not looked at when a tag is deleted', instead('delete tag', without('precondition'))],
  ['a tag is not deleted', instead('delete tag', done(null))],
  ['a tag is lost beside a digest', instead('put manifest', (put: { tags: unknown[] }) => ({ input: { ...put, tags: put.tags.slice(0, 1) } }))],
  ['the subject is forgotten', instead('put manifest', without('subject'))],
  ['a blob is not deleted', instead('delete blob', done(null))],
  ['a lease is not renewed', instead('renew lease', done(null))],
  ['the lease of a mount is too short', instead('mount blob', (mount: { lease: number }) => ({ input: { ...mount, lease: 1 } }))],
  ['damage is forgotten', instead('mark damaged', done(false))],
  ['an upload is not cancelled', instead('cancel upload', done(null))],
  ['a list ends early', shortened(/select name from tag/)],
])('is seen to differ when %s', async (_, database) => {
  const found = checkEquivalence({ seed, runs: 1_000, length: 60, surroundings: { database }, shrink: false })
  const error = await found.then(() => undefined, (reason: unknown) => reason as Error)
  const message = `${error?.message} ${String(error?.cause)}`
  for (const part of [`seed: ${seed}`, '{"kind":', 'the specification']) expect(message).toContain(part)
}, 120_000)

test('a difference is shrunk to what it takes', async () => {
  const surroundings = { database: instead('delete tag', done(null)) }
  const found = checkEquivalence({ seed, runs: 1_000, length: 60, surroundings })
  const error = await found.then(() => undefined, (reason: unknown) => reason as Error)
  const history = /Counterexample: \[(.*?) \/\*/.exec(error?.message ?? '')?.[1] ?? ''
  expect(history.match(/"kind"/g)?.length).toBeWithin(1, 6)
  expect(history).toContain('"delete manifest"')
}, 120_000)

test('500 times some operations at once: what they answer and leave is what some order of them gives', async () => {
  await checkConcurrency({ seed, runs: 300, operations: concurrentOperations })
  await checkConcurrency({ seed, runs: 200, operations: contendingOperations })
}, 120_000)

const tagOf = statement<{ digest: string }>(`
  select t.digest from tag t join repository r on r.id = t.repository_id where r.path = $1 and t.name = $2`)

/** Judges a condition that holds before the change, and not in it. */
const judgedTooEarly = (database: Database): Database => ({
  ...database,
  transact: (async (transaction: { readonly name: string }, input: PutInput, operationId?: string) => {
    const tag = transaction.name === 'put manifest' ? input.tags[0]?.name : undefined
    const present = tag === undefined ? undefined : (await database.one(tagOf, input.repository, tag))?.digest
    const holds = tag !== undefined && input.tags.length === 1 && preconditionHolds(input.precondition, present)
    const given = holds ? { ...input, precondition: undefined } : input
    return await database.transact(transaction as never, given as never, operationId)
  }) as Database['transact'],
})

interface PutInput {
  readonly repository: string
  readonly tags: readonly { readonly name: string }[]
  readonly precondition?: Precondition
}

test('operations at once are seen to differ when a condition is judged apart from the change', async () => {
  const found = checkConcurrency({ seed, runs: 2_000, operations: contendingOperations, plant: judgedTooEarly, shrink: false })
  const message = await found.then(() => 'nothing', (error: Error) => `${error.message} ${String(error.cause)}`)
  for (const part of [`seed: ${seed}`, 'no order of the operations']) expect(message).toContain(part)
}, 120_000)
