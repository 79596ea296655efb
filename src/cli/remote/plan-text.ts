import type { DeletePlan } from '../../client/index.ts'
import type { MessageKey, Say } from '../messages.ts'
import { readable } from '../readable.ts'
import { oneLine } from './one-line.ts'

interface Some<Item> {
  readonly count: number
  readonly complete: boolean
  readonly first: readonly Item[]
}

/** So many names stand in a line. */
const mostNames = 5

/** A plan for a person: what goes, what stays and why, what is freed and when. */
export function planText(plan: DeletePlan, say: Say): string {
  const { kind, repository, tag = '', digest = '' } = plan
  const title = say(`plan.${kind}`, { repository, tag, digest })
  const lines = [...(kind === 'tag' ? keptBy(plan, say) : taken(plan, say)), ...space(plan, say)]
  return `${[title, ...lines.map((line) => `  ${line}`)].map(oneLine).join('\n')}\n`
}

/** What names the manifest of a tag beside it. */
function keptBy({ named: { tags, indexes, subject }, running }: DeletePlan, say: Say): string[] {
  const reasons = [
    ...lineOf('plan.kept.tags', tags, (name) => name, say),
    ...lineOf('plan.kept.indexes', indexes, ({ digest }) => digest, say),
    ...(subject === undefined ? [] : [say('plan.kept.subject', { subject })]),
    ...runs(running, 'plan.kept.running', say),
  ]
  return reasons.length === 0 ? [say('plan.kept.nothing')] : reasons
}

function taken(plan: DeletePlan, say: Say): string[] {
  const { tags, manifests, named, referrers, children } = plan
  return [
    ...(tags.first.length === 0 ? numberOf('plan.takes.tag-count', tags, say) : lineOf('plan.takes.tags', tags, (name) => name, say)),
    ...(plan.kind === 'repository' ? [say('plan.takes.manifests', { count: counted(manifests, say) })] : []),
    ...lineOf('plan.breaks.indexes', named.indexes, ({ digest }) => digest, say),
    ...lineOf('plan.leaves.referrers', referrers, ({ digest, artifactType }) => (artifactType === undefined ? digest : `${digest} (${artifactType})`), say),
    ...lineOf('plan.leaves.children', children, ({ digest }) => digest, say),
    ...runs(plan.running, 'plan.breaks.running', say),
  ]
}

function runs({ first = [], lastSeenAt = '', ...clusters }: DeletePlan['running'], key: MessageKey, say: Say): string[] {
  if (clusters.count === 0) return clusters.complete ? [] : [say('plan.running.unknown')]
  if (first.length === 0) return [say(key, { count: counted(clusters, say), names: say('plan.running.last', { seenAt: lastSeenAt }) })]
  return lineOf(key, { ...clusters, first }, ({ cluster, seenAt }) => say('plan.running.cluster', { cluster, seenAt }), say)
}

function lineOf<Item>(key: MessageKey, { first, ...count }: Some<Item>, name: (item: Item) => string, say: Say): string[] {
  if (count.count === 0 && count.complete) return []
  const names = first.slice(0, mostNames).map(name)
  if (count.count > names.length || !count.complete) names.push('...')
  return [say(key, { count: counted(count, say), names: names.join(', ') })]
}

/** Of those that are not named. */
function numberOf(key: MessageKey, count: DeletePlan['manifests'], say: Say): string[] {
  return count.count === 0 && count.complete ? [] : [say(key, { count: counted(count, say) })]
}

function counted({ count, complete }: { readonly count: number; readonly complete: boolean }, say: Say): string {
  return complete ? String(count) : say('plan.at-least', { count: String(count) })
}

function space({ kind, frees, keeps, after }: DeletePlan, say: Say): string[] {
  if (kind === 'tag') return [say('plan.frees.nothing')]
  const bound = frees.exact ? (frees.complete ? 'exact' : 'least') : frees.complete ? 'most' : 'unsure'
  const freed = say(`plan.frees.${bound}`, { bytes: readable(frees.bytes), count: String(frees.blobs), after: timeOf(after.total) })
  return [freed, ...keeps.map(({ by, bytes, blobs }) => say(`plan.keeps.${by}`, { bytes: readable(bytes), count: String(blobs) }))]
}

const units = [['d', 86_400], ['h', 3600], ['m', 60], ['s', 1]] as const

/** Seconds as `1d 15m`. */
function timeOf(seconds: number): string {
  let left = seconds
  const parts: string[] = []
  for (const [unit, length] of units) {
    if (left >= length) parts.push(`${Math.floor(left / length)}${unit}`)
    left %= length
  }
  return parts.join(' ') || '0s'
}
