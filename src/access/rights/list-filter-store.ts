import type { Value } from '../../database/index.ts'
import type { ListScope } from './rights.ts'

/** A condition for both engines, with the number of its first parameter. */
export interface Filter {
  readonly sqlite: string
  readonly postgres: string
}

/**
 * "May this principal see the repository `r` of the namespace `n`?", before a page is cut. Neither deleted rows nor those that are being
 * deleted are left out by it.
 *
 * @param first the number of the first of its five parameters, whose values are those of `repositoryFilterValues`
 */
export function repositoryFilter(first: number): Filter {
  return forBoth((engine) => {
    const isIn = membership(engine)
    const places = [isIn('n.visibility', first + 1, 'text'), isIn('r.namespace_id', first + 2, 'bigint'), inRanges(engine, first + 4)]
    return `(($${first} = 1 or ${places.join(' or ')}) and not ${isIn('r.namespace_id', first + 3, 'bigint')})`
  })
}

/** "May this principal see the project in the row `n`?", likewise, with four parameters. */
export function projectFilter(first: number): Filter {
  return forBoth((engine) => {
    const isIn = membership(engine)
    const places = [isIn('n.visibility', first + 1, 'text'), isIn('n.id', first + 2, 'bigint')]
    return `(($${first} = 1 or ${places.join(' or ')}) and not ${isIn('n.id', first + 3, 'bigint')})`
  })
}

export function projectFilterValues({ everywhere, visibilities, projects, excluded }: ListScope): Value[] {
  return [everywhere ? 1 : 0, ...[visibilities, projects, excluded].map((list) => JSON.stringify(list))]
}

export function repositoryFilterValues(scope: ListScope): Value[] {
  return [...projectFilterValues(scope), JSON.stringify(scope.ranges)]
}

type Engine = 'sqlite' | 'postgres'

function forBoth(text: (engine: Engine) => string): Filter {
  return { sqlite: text('sqlite'), postgres: text('postgres') }
}

// Both engines make a table of such a list once and look each row up in it, so that a row costs the same whatever was granted.
const membership = (engine: Engine) => (column: string, list: number, type: string): string =>
  engine === 'sqlite'
    ? `${column} in (select value from json_each($${list}))`
    : `${column} in (select json_array_elements_text($${list}::json)::${type})`

function inRanges(engine: Engine, list: number): string {
  if (engine === 'sqlite') {
    return `r.id in (
      select x.id from json_each($${list}) wanted cross join repository x
      on x.path >= wanted.value ->> 'from' and x.path < wanted.value ->> 'to' and x.namespace_id = wanted.value ->> 'project'
      where x.deleted_at is null)`
  }
  // Each range is read by index: a join of all ranges with all repositories is what PostgreSQL would rather do, not knowing how many
  // ranges there are.
  return `r.id in (
    select x.id from json_to_recordset($${list}::json) as wanted ("from" text, "to" text, project bigint)
    cross join lateral (
      select y.id from repository y
      where y.path >= wanted."from" and y.path < wanted."to" and y.namespace_id = wanted.project and y.deleted_at is null offset 0) x)`
}
