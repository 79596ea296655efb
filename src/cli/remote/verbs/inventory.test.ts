import { expect, test } from 'bun:test'
import type { Client } from '../../../client/index.ts'
import type { Typed } from '../verb.ts'
import { inventoryVerbs } from './inventory.ts'
import { planDeleteVerb } from './plan-delete.ts'

const digest = (n: number): string => `sha256:${String(n).padStart(64, '0')}`

/** Runs a verb; answers what it asked a server for. */
async function asked(verb: (typeof inventoryVerbs)[number] | undefined, words: Typed['words'], text = ''): Promise<readonly [string, object][]> {
  const calls: [string, object][] = []
  const client = {
    call: (id: string, parts: object) => {
      calls.push([id, parts])
      return Promise.resolve({ seenAt: 'T' })
    },
  } as unknown as Client
  const typed = { words, options: { cluster: 'prod' }, text: (file: string) => Promise.resolve(file === '-' ? text : `${digest(7)}\n`) } as unknown as Typed
  await verb?.run(client, typed)
  return calls
}

const bodies = async (text: string, words: Typed['words'] = {}) => (await asked(inventoryVerbs[0], words, text)).map(([, { body }]: readonly [string, { body?: unknown }]) => body)

test('what runs in a cluster is sent in parts of one time, once each, however the lines are written', async () => {
  const names = ['', 'registry.example/team/app@', 'docker-pullable://registry.example:5000/team/app@']
  const lines = Array.from({ length: 230 }, (_, n) => `${names[n % 3]}${digest(n)}${n % 2 === 0 ? '\n' : ' '}`)
  const all = Array.from({ length: 230 }, (_, n) => digest(n))
  expect(await bodies(`# of today\n\n${lines.join('')}${digest(3)}\n`)).toEqual([
    { cluster: 'prod', digests: all.slice(0, 100), more: true },
    { cluster: 'prod', seenAt: 'T', digests: all.slice(100, 200), more: true },
    { cluster: 'prod', seenAt: 'T', digests: all.slice(200), more: false },
  ])
  expect(await bodies('', { FILE: 'running.txt' })).toEqual([{ cluster: 'prod', digests: [digest(7)], more: false }])
  expect(await bodies('\n')).toEqual([{ cluster: 'prod', digests: [], more: false }])
})

test('what names no digest is refused with its line, and nothing is sent', async () => {
  for (const line of ['team/app:latest', 'sha256:abc', `${digest(1)}0`, `${digest(1)},${digest(2)}`]) {
    const failure: unknown = await bodies(`${digest(1)}\n${line}\n`).catch((error: unknown) => error)
    expect(failure).toMatchObject({ key: 'inventory.not-a-digest', values: { line: '2', text: line } })
  }
})

test.each([
  ['team/web/app:1.4', 'team', 'web/app', { tag: '1.4' }],
  [`team/app@${digest(1)}`, 'team', 'app', { digest: digest(1) }],
  [`team/app:1.4@${digest(1)}`, 'team', 'app', { digest: digest(1) }],
  ['team', 'team', '', {}],
  ['team:1.4', 'team', '', { tag: '1.4' }],
])('a plan of %s is asked for', async (target, project, path, body) => {
  expect(await asked(planDeleteVerb, { TARGET: target })).toEqual([['planDelete', { params: { project }, query: { path }, body }]])
})
