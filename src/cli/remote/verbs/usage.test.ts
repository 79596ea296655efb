import { expect, test } from 'bun:test'
import type { Client } from '../../../client/index.ts'
import type { Typed } from '../verb.ts'
import { usageVerbs } from './usage.ts'

const sums = { pulls: 2, pulledBytes: 2048, pushes: 0, pushedBytes: 0 }
const stored = { logicalBytes: 3072, deduplicatedBytes: 1024, trashBytes: 0, countedAt: '2026-01-31T00:00:00.000Z' }

/** What is shown for what is typed, where a server answers so; and what it was asked. */
async function shown(items: readonly unknown[], typed: Partial<Typed>): Promise<{ readonly asked: unknown[]; readonly rows: unknown }> {
  const asked: unknown[] = []
  const call = async (id: string, given: unknown) => {
    asked.push([id, given])
    return await Promise.resolve({ items })
  }
  const [usage] = usageVerbs
  const rows = await usage?.run({ call } as unknown as Client, { words: {}, options: {}, ...typed } as Typed)
  return { asked, rows }
}

const table = { pulls: 2, pulled: '2.0 KiB', pushes: 0, pushed: '0 B' }

test('usage shows all projects, with bytes as people read them', async () => {
  const { asked, rows } = await shown([{ project: 'team', ...sums, stored }, { project: 'web', ...sums }], { options: { from: '2026-01-01' } })
  expect(asked).toEqual([['listUsage', { query: { from: '2026-01-01', to: undefined, limit: 200 } }]])
  expect(rows).toEqual([
    { of: 'team', ...table, logical: '3.0 KiB', stored: '1.0 KiB', trash: '0 B', countedAt: stored.countedAt },
    { of: 'web', ...table },
  ])
})

test('usage shows a project by its parts', async () => {
  const words = { PROJECT: 'team' }
  const actors = [{ kind: 'account', id: '3', name: 'alice' }, { kind: 'robot', id: '4' }, { kind: 'anonymous' }]
  const { asked, rows } = await shown(actors.map((actor) => ({ actor, ...sums })), { words, options: { by: 'actor' } })
  expect(asked).toEqual([['listProjectUsage', { params: { project: 'team' }, query: { from: undefined, to: undefined, by: 'actor', limit: 200 } }]])
  expect((rows as readonly { of: string }[]).map(({ of }) => of)).toEqual(['account alice', 'robot 4', 'anonymous'])
  for (const part of [{ day: '2026-01-31' }, { repository: 'team/app' }]) {
    expect((await shown([{ ...part, ...sums }], { words })).rows).toEqual([{ of: Object.values(part)[0], ...table }])
  }
})

test('programs get the numbers', async () => {
  const items = [{ project: 'team', ...sums, stored }]
  for (const options of [{ json: true }, { output: 'json' }] as const) expect((await shown(items, { options })).rows).toEqual(items)
})
