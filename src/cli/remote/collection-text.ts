import type { CollectionRun } from '../../client/index.ts'
import type { MessageKey, Say } from '../messages.ts'
import { oneLine } from './one-line.ts'
import { readable } from '../readable.ts'

/** What a run of garbage collection found and did. */
export type CollectionReport = NonNullable<CollectionRun['report']>

/** The report for a person: what is free, then what that was, as far as there was any, then what is there. */
export function collectionText(report: CollectionReport, say: Say): string {
  const { dryRun, freedBytes, objects, blobs, releasedBytes, before, after, ...counts } = report
  const line = (key: MessageKey, count: number, values: Record<string, string> = {}) => (count === 0 ? [] : [say(key, { count: String(count), ...values })])
  const stored = { countedAt: oneLine(before.countedAt), before: readable(before.bytes), blobsBefore: String(before.blobs), after: readable(after.bytes), blobsAfter: String(after.blobs) }
  const lines = [
    ...line('gc.blobs', blobs, { bytes: readable(releasedBytes) }),
    ...line('gc.links', counts.links),
    ...line('gc.manifests', counts.manifests),
    ...line('gc.trash', counts.trash),
    ...line('gc.uploads', counts.uploads),
    ...line('gc.failed', counts.failed),
    say('gc.stored', stored),
  ]
  const title = say(dryRun ? 'gc.would-free' : 'gc.freed', { bytes: readable(freedBytes), count: String(objects) })
  return `${[title, ...lines.map((each) => `  ${each}`)].join('\n')}\n`
}
