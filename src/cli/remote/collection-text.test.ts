import { expect, test } from 'bun:test'
import { createSay } from '../messages.ts'
import { collectionText, type CollectionReport } from './collection-text.ts'

const nothing: CollectionReport = {
  dryRun: false,
  manifests: 0,
  links: 0,
  blobs: 0,
  objects: 0,
  uploads: 0,
  trash: 0,
  releasedBytes: 0,
  freedBytes: 0,
  failed: 0,
  before: { blobs: 7, bytes: 2048, countedAt: 'T' },
  after: { blobs: 7, bytes: 2048, countedAt: 'T' },
}

test('a report says what is free, what that was, and what is stored', () => {
  const full = { manifests: 1, links: 2, blobs: 3, objects: 4, uploads: 5, trash: 6, releasedBytes: 1024, freedBytes: 1536, failed: 7 }
  expect(collectionText({ ...nothing, ...full, after: { blobs: 4, bytes: 1024, countedAt: 'T' } }, createSay('en')).split('\n')).toEqual([
    'Freed 1.5 KiB (files: 4).',
    '  blobs that no repository needs any more: 3 (1.0 KiB); those that are files go gc.drain later',
    '  blobs that a repository needs no more, others may: 2',
    '  images that nothing names any more: 1',
    '  ended in the trash, whose time was over: 6',
    '  unfinished uploads that were given up: 5',
    '  could not be looked at: 7; they are looked at again in ten minutes, and the log of the server says why',
    '  stored, as counted at T: 2.0 KiB (blobs: 7) before, 1.0 KiB (blobs: 4) after',
    '',
  ])
})

test('and of a dry run that nothing was changed', () => {
  expect(collectionText({ ...nothing, dryRun: true }, createSay('en'))).toBe(
    'Would free 0 B (files: 0). Nothing was changed.\n  stored, as counted at T: 2.0 KiB (blobs: 7) before, 2.0 KiB (blobs: 7) after\n',
  )
})
