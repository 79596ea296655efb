import { describe, expect, test } from 'bun:test'
import { transactions } from '../../transactions.ts'
import type { Encounter } from './encounter.ts'
import type { Lane } from './lane.ts'
import { inLanes } from './on-postgres.ts'
import type { Operation } from './operation.ts'
import { operations } from './operations.ts'

/**
 * Every two of the transactions that the server runs meet on the same rows, on two connections, in every order of their
 * statements. After each order the invariants hold, what was acknowledged is there, and the result is one that running the
 * two one after the other gives as well.
 *
 * What makes this affordable without leaving an order out is explained in exploration.ts and dependence.ts, and checked against
 * all orders in exploration.test.ts. planted.test.ts shows that defects are found.
 */

/** Subjects that have to collide: in some order one waits for the other, or it matters which of them comes first. */
const colliding = [
  'blob commit',
  'mount',
  'manifest put',
  'HEAD renewal',
  'tag create',
  'delete',
  'state change',
  'upload expiry',
  'collect link',
  'collect blob',
  'collection hold',
]

/** Those of them that go past each other, and why that is right. */
const strangers: readonly { readonly one: string; readonly others: readonly string[]; readonly because: string }[] = [
  {
    one: 'upload expiry',
    others: ['mount', 'manifest put', 'HEAD renewal', 'tag create', 'delete', 'state change', 'collect link', 'collect blob'],
    because: 'an upload and its object belong to nobody else until the blob is committed',
  },
  {
    one: 'collection hold',
    others: ['blob commit', 'mount', 'manifest put', 'HEAD renewal', 'tag create', 'delete', 'state change'],
    because: 'whoever pushes or deletes goes on while nothing is collected',
  },
  { one: 'HEAD renewal', others: ['manifest put', 'tag create'], because: 'a put needs the link, whatever its lease' },
  { one: 'HEAD renewal', others: ['collect blob'], because: 'a link holds its blob, whatever its lease' },
  {
    one: 'state change',
    others: ['HEAD renewal', 'collect link', 'collect blob'],
    because: 'leases run and end in a frozen repository as in any other',
  },
]

const minutes = 60_000

interface Meeting {
  readonly operations: readonly [Operation, Operation]
  readonly encounter: Encounter
}

const pairs = <T>(of: readonly T[]): (readonly [T, T])[] =>
  of.flatMap((one, at) => of.slice(at).map((other) => [one, other] as const))
const common = (a: Operation, b: Operation) => a.states.filter((state) => b.states.includes(state))
const areOf = (subjects: readonly [string, string]) => (met: readonly [Operation, Operation]) => {
  const found = met.map(({ subject }) => subject)
  return String(found) === String(subjects) || String(found.reverse()) === String(subjects)
}

describe('the table of operations', () => {
  test('has every transaction of src/transactions.ts', () => {
    const used = new Set(operations.map(({ transaction }) => transaction.name))
    expect([...transactions.keys()].filter((name) => !used.has(name))).toEqual([])
  })

  test('lets every two subjects meet', () => {
    const subjects = [...new Set(operations.map(({ subject }) => subject))]
    const named = (one: string, other: string): string => [one, other].sort().join(' and ')
    const meet = pairs(operations).filter((two) => common(...two).length > 0)
    const met = new Set(meet.map(([{ subject: one }, { subject: other }]) => named(one, other)))
    const apart = pairs(subjects).filter((two) => !met.has(named(...two)))
    expect(apart).toEqual([])
    expect(colliding.filter((subject) => !subjects.includes(subject))).toEqual([])
  })
})

inLanes('every two operations, in every order of their statements,', 2, (lanes) => {
  const meetings: Meeting[] = []

  test.each(operations.map((operation) => [operation.name, operation] as const))(
    'keep what they acknowledge: %s with every other',
    async (_name, operation) => {
      const met = await meetAll(lanes, operation)
      meetings.push(...met)
      const faults = met.flatMap(({ operations: [a, b], encounter }) =>
        [...encounter.faults].map(([complaint, schedule]) => `${a.name} with ${b.name}: ${complaint}\n${schedule}`),
      )
      expect(faults).toEqual([])
    },
    15 * minutes,
  )

  test('met on the same rows', () => {
    const collided = ({ encounter }: Meeting) => encounter.waited > 0 || encounter.results.size > 1
    const past = pairs(colliding).filter((two) => !meetings.some((met) => areOf(two)(met.operations) && collided(met)))
    const expected = strangers.flatMap(({ one, others }) => others.map((other) => [one, other]))
    const sorted = (list: readonly (readonly string[])[]) => list.map((two) => [...two].sort().join(' and ')).sort()
    expect(sorted(past)).toEqual(sorted(expected))

    const sum = (of: (encounter: Encounter) => number) => meetings.reduce((total, { encounter }) => total + of(encounter), 0)
    const schedules = sum((encounter) => encounter.schedules)
    const ended = `${sum(({ waited }) => waited)} with a wait, ${sum(({ deadlocks }) => deadlocks)} with a deadlock`
    const met = new Set(meetings.map(({ operations: [a, b] }) => `${a.name} with ${b.name}`))
    console.log(`${met.size} pairs of operations met on ${meetings.length} sets of rows in ${schedules} schedules (${ended})`)
  })
})

/** Lets an operation meet every one of the table from itself on, in every state that both are run on. */
async function meetAll(lanes: readonly Lane[], operation: Operation): Promise<Meeting[]> {
  const at = operations.indexOf(operation)
  const partners = operations.slice(at)
  const due = partners.flatMap((partner) => common(operation, partner).map((state) => ({ partner, state })))
  const met: Meeting[] = []
  const meetNext = async (lane: Lane): Promise<void> => {
    for (let next = due.shift(); next !== undefined; next = due.shift()) {
      const encounter = await lane.meet(at, operations.indexOf(next.partner), next.state)
      met.push({ operations: [operation, next.partner], encounter })
    }
  }
  await Promise.all(lanes.map(meetNext))
  return met
}
