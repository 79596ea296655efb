import type { Restored } from '../../client/index.ts'
import type { Say } from '../messages.ts'
import { oneLine } from './one-line.ts'

/** What came back, and what did not, for a person. */
export function restoredText({ kind, project, path, tags, leftOut, manifests }: Restored, say: Say): string {
  const place = path === undefined || path === '' ? project : `${project}/${path}`
  const name = kind === 'tag' ? `${place}:${tags.join('')}` : place
  const lines = [
    ...(kind === 'tag' || tags.length === 0 ? [] : [say('trash.restored.tags', { names: tags.join(', ') })]),
    ...(manifests.length === 0 ? [] : [say('trash.restored.manifests', { count: String(manifests.length) })]),
    ...leftOut.map(({ tag, reason }) => say(`trash.left-out.${reason}`, { tag })),
  ]
  return `${[say(`trash.restored.${kind}`, { name }), ...lines.map((line) => `  ${line}`)].map(oneLine).join('\n')}\n`
}
