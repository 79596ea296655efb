import { Problem } from '../../api/index.ts'
import type { HistoryPlace, TagOrder, TagPlace } from '../../registry/index.ts'

/** Where a page begins, as the text inside its cursor. */

export function writeTagPlace(place: TagPlace): string {
  return JSON.stringify(place)
}

/** @throws Problem `cursor-invalid`, also for one of another order */
export function readTagPlace(order: TagOrder, text: string | undefined): TagPlace | undefined {
  if (text === undefined) return undefined
  const [first, second, ...more] = parsed(text)
  const isKey = order === 'name' || order === 'version' ? typeof first === 'string' : Number.isSafeInteger(first)
  if (!isKey || more.length > 0 || (order === 'name' ? second !== undefined : typeof second !== 'string')) throw new Problem('cursor-invalid')
  return (order === 'name' ? [first] : [first, second]) as unknown as TagPlace
}

export function writeHistoryPlace({ at, id }: HistoryPlace): string {
  return JSON.stringify([at, id])
}

/** @throws Problem `cursor-invalid` */
export function readHistoryPlace(text: string | undefined): HistoryPlace | undefined {
  if (text === undefined) return undefined
  const [at, id, ...more] = parsed(text)
  if (!Number.isSafeInteger(at) || !Number.isSafeInteger(id) || more.length > 0) throw new Problem('cursor-invalid')
  return { at: at as number, id: id as number }
}

function parsed(text: string): readonly unknown[] {
  try {
    const value = JSON.parse(text) as unknown
    if (Array.isArray(value)) return value
  } catch {
    // Said below.
  }
  throw new Problem('cursor-invalid')
}
