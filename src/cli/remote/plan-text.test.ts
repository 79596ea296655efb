import { expect, test } from 'bun:test'
import type { DeletePlan } from '../../client/index.ts'
import { createSay } from '../messages.ts'
import { planText } from './plan-text.ts'

const none = { count: 0, complete: true, first: [] }
const plan: DeletePlan = {
  kind: 'manifest',
  repository: 'team/app',
  digest: 'sha256:a',
  tags: { count: 7, complete: true, first: ['1', '2', '3', '4', '5', '6', '7'] },
  manifests: { count: 1, complete: true },
  named: { tags: none, indexes: { count: 1000, complete: false, first: [{ digest: 'sha256:i' }] } },
  referrers: { count: 1, complete: true, first: [{ digest: 'sha256:s', artifactType: 'a/signature\u001b[2J' }] },
  children: none,
  running: { count: 2, complete: true, lastSeenAt: '2026-11-22T07:00:00.000Z' },
  frees: { bytes: 1536, blobs: 3, complete: true, exact: false },
  keeps: [{ by: 'trash', bytes: 5, blobs: 1 }],
  after: { trash: 0, lease: 86_400, drain: 900, total: 87_300 },
}
const lines = (given: Partial<DeletePlan>) => planText({ ...plan, ...given }, createSay('en')).split('\n')

test('a plan is said in words: what goes, what is left behind, what is freed and when', () => {
  expect(lines({})).toEqual([
    'Deleting sha256:a from team/app:',
    '  tags that go (7): 1, 2, 3, 4, 5, ...',
    '  CAREFUL: indexes list it and will miss it (at least 1000): sha256:i, ...',
    '  what is attached to it stays without it (1): sha256:s (a/signature?[2J)',
    '  CAREFUL: it runs in clusters (2): last seen 2026-11-22T07:00:00.000Z',
    '  frees 1.5 KiB at most (blobs: 3), 1d 15m after the deletion: what other repositories need too stays',
    '  keeps 5 B (blobs: 1), which manifests in the trash need',
    '',
  ])
})

test('of a repository the tags are counted, not named', () => {
  const tags = { count: 4, complete: true, first: [] }
  expect(lines({ kind: 'repository', tags }).slice(0, 3)).toEqual(['Deleting team/app with everything in it:', '  tags that go: 4', '  manifests that go: 1'])
})

test('of a tag it says what keeps the manifest', () => {
  const running = { count: 1, complete: true, lastSeenAt: 'T', first: [{ cluster: 'prod', seenAt: 'T' }] }
  const named = { tags: { count: 1, complete: true, first: ['2'] }, indexes: none, subject: 'sha256:b' }
  expect(lines({ kind: 'tag', tag: '1', named, running })).toEqual([
    'Deleting tag 1 of team/app takes the tag alone; its manifest sha256:a stays.',
    '  other tags name the manifest (1): 2',
    '  the manifest belongs to its subject sha256:b',
    '  the manifest runs in clusters (1): prod (seen T)',
    '  frees nothing',
    '',
  ])
  const alone = { named: { tags: none, indexes: none }, running: { count: 0, complete: true } }
  expect(lines({ kind: 'tag', tag: '1', ...alone })[1]).toBe('  nothing else names the manifest')
})

test.each([
  [true, true, 'frees 1.5 KiB (blobs: 3), 1d 15m after the deletion'],
  [false, true, 'frees 1.5 KiB or more (blobs: 3), 1d 15m after the deletion'],
  [false, false, 'of what was looked at frees 1.5 KiB at most (blobs: 3), 1d 15m after the deletion; there is more'],
])('what is not known is said: complete %p, exact %p', (complete, exact, text) => {
  expect(lines({ frees: { bytes: 1536, blobs: 3, complete, exact } })).toContain(`  ${text}`)
})
