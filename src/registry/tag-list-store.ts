import { statement, type Statement } from '../database/index.ts'

/** The tags of a repository in five orders, and the history of one tag, each page read from an index. */

export interface TagRow {
  readonly name: string
  readonly digest: string
  readonly media_type: string
  readonly size: number
  readonly created_at: number
  readonly updated_at: number
  readonly updated_by: string | null
  /** 0: never since pulls are counted. */
  readonly pulled_at: number
  readonly version_key: string
}

const columns = 't.name, t.digest, m.media_type, t.size, t.created_at, t.updated_at, t.updated_by, t.pulled_at, t.version_key'
const tags = `select ${columns} from tag t join manifest m on m.repository_id = t.repository_id and m.digest = t.digest`

export const tagOrders = ['name', 'version', 'pushed', 'pulled', 'size'] as const
export type TagOrder = (typeof tagOrders)[number]
export type Direction = 'asc' | 'desc'

/** What comes before the name in each order, as the index has it. */
const sortedBy = { name: undefined, version: 'version_key', pushed: 'updated_at', pulled: 'pulled_at', size: 'size' } as const

function pageStatement(order: TagOrder, direction: Direction): Statement<TagRow> {
  const column = sortedBy[order]
  const key = column === undefined ? ['t.name'] : [`t.${column}`, 't.name']
  const from = column === undefined ? '$2' : '($2, $3)'
  const place = column === undefined ? key.join() : `(${key.join(', ')})`
  return statement<TagRow>(`
    ${tags} where t.repository_id = $1 and ${place} ${direction === 'asc' ? '>' : '<'} ${from}
    order by ${key.map((each) => `${each} ${direction}`).join(', ')} limit $${key.length + 2}`)
}

const pages = new Map(tagOrders.flatMap((order) => (['asc', 'desc'] as const).map((direction) => [`${order} ${direction}`, pageStatement(order, direction)])))

/** A page of tags: after the repository the place it begins behind, then how many. */
export function tagPageIn(order: TagOrder, direction: Direction): Statement<TagRow> {
  const found = pages.get(`${order} ${direction}`)
  if (found === undefined) throw new Error(`tags have no order ${order} ${direction}`)
  return found
}

/** Where a tag stands in an order: what `tagPageIn` takes to go on behind it. */
export type TagPlace = readonly [name: string] | readonly [key: string | number, name: string]

export function placeOfTag(order: TagOrder, row: TagRow): TagPlace {
  const column = sortedBy[order]
  return column === undefined ? [row.name] : [row[column], row.name]
}

/** Before all tags, or behind them: more than any time, size or letter. */
export function beginningOf(order: TagOrder, direction: Direction): TagPlace {
  const name = direction === 'asc' ? '' : '~'
  if (order === 'name') return [name]
  if (order === 'version') return [name, name]
  return [direction === 'asc' ? -1 : Number.MAX_SAFE_INTEGER, name]
}

export const oneTag = statement<TagRow>(`${tags} where t.repository_id = $1 and t.name = $2`)

export interface TagEventRow {
  readonly id: number
  readonly at: number
  readonly actor: string | null
  readonly from_digest: string | null
  readonly to_digest: string | null
}

const events = 'select e.id, e.at, e.actor, e.from_digest, e.to_digest from tag_event e where e.repository_id = $1 and e.name = $2'

/** The newest moves before a place in the history. */
export const tagEventsBefore = statement<TagEventRow>(`${events} and (e.at, e.id) < ($3, $4) order by e.at desc, e.id desc limit $5`)
/** The last move up to a moment. */
export const tagEventUpTo = statement<TagEventRow>(`${events} and e.at <= $3 order by e.at desc, e.id desc limit 1`)

/** Whether a manifest is here, and whether its bytes are. */
export const manifestNow = statement<{ deleted_at: number | null; whole: number }>(`
  select m.deleted_at, case when exists (select 1 from content c where c.blob_id = m.blob_id) then 1 else 0 end as whole
  from manifest m where m.repository_id = $1 and m.digest = $2`)
