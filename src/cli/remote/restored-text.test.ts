import { expect, test } from 'bun:test'
import type { Restored } from '../../client/index.ts'
import { createSay } from '../messages.ts'
import { restoredText } from './restored-text.ts'

const nothing: Restored = { kind: 'manifest', project: 'team', path: 'web/app', tags: [], leftOut: [], manifests: [] }
const said = (restored: Partial<Restored>) => restoredText({ ...nothing, ...restored }, createSay('en')).split('\n')

test('what came back is said with what did not, and why', () => {
  const leftOut = [{ tag: 'v3', reason: 'exists' }, { tag: 'v4\u001b[2J', reason: 'denied' }] as const
  expect(said({ tags: ['v1', 'v2'], leftOut, manifests: ['sha256:a', 'sha256:b'] })).toEqual([
    'A manifest of team/web/app is back.',
    '  with its tags: v1, v2',
    '  with what a rule had deleted because of it, manifests: 2',
    '  without tag v3: there is one of that name again',
    '  without tag v4?[2J: you may not create it',
    '',
  ])
})

test.each([
  [{ kind: 'tag', tags: ['v1'] }, 'Tag team/web/app:v1 is back.'],
  [{ kind: 'blob' }, 'A blob of team/web/app is back.'],
  [{ kind: 'repository', path: '' }, 'Repository team is back, with all that was in it.'],
  [{ kind: 'project', path: undefined }, 'Project team is back, with all that was in it.'],
] as const)('of each kind: %j', (restored, text) => {
  expect(said(restored)).toEqual([text, ''])
})
