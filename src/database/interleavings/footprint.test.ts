import { describe, expect, test } from 'bun:test'
import { dependent, mayBlock, type Step } from './dependence.ts'
import { footprintOf, type Schema } from './footprint.ts'

const schema: Schema = {
  tables: new Set(['repository', 'blob', 'link', 'content', 'gc_queue', 'event']),
  foreignKeys: [
    { child: 'link', childColumns: ['repository_id'], parent: 'repository', parentColumns: ['id'] },
    { child: 'link', childColumns: ['blob_id'], parent: 'blob', parentColumns: ['id'] },
    { child: 'content', childColumns: ['blob_id'], parent: 'blob', parentColumns: ['id'] },
  ],
}

function of(text: string, ...values: unknown[]) {
  const { reads, shares, locks, writes } = footprintOf(text, values, schema)
  return { reads: [...reads].sort(), shares: [...shares].sort(), locks: [...locks].sort(), writes: [...writes].sort() }
}

const only = (part: Partial<ReturnType<typeof of>>) => ({ reads: [], shares: [], locks: [], writes: [], ...part })

describe('the footprint of a statement', () => {
  test('holds every table it reads, in subqueries too', () => {
    const text = `
      select 1 from blob b left join link l on l.blob_id = b.id
      where exists (select 1 from content c where c.blob_id = b.id)`
    expect(of(text)).toEqual(only({ reads: ['blob', 'content', 'link'] }))
  })

  test('holds the tables whose rows it locks, by the names given to them', () => {
    const text = 'select 1 from blob b join link l on l.blob_id = b.id join repository r on r.id = l.repository_id'
    const reads = ['blob', 'link', 'repository']
    expect(of(`${text} for update of l`)).toEqual(only({ reads, locks: ['link'] }))
    expect(of(`${text} for share of r, b`)).toEqual(only({ reads, shares: ['blob', 'repository'] }))
    expect(of(`${text} for update of b for key share of l`)).toEqual(only({ reads, locks: ['blob'], shares: ['link'] }))
    expect(of(`${text} for update`)).toEqual(only({ reads, locks: reads }))
  })

  test('holds the rows that an insert refers to', () => {
    expect(of('insert into link (repository_id, blob_id) values ($1, $2)', 1, 2)).toEqual(
      only({ reads: ['link'], writes: ['link'], shares: ['blob', 'repository'] }),
    )
  })

  test('holds what may refer to a removed row', () => {
    expect(of('delete from blob where id = $1', 1)).toEqual(
      only({ reads: ['blob', 'content', 'link'], writes: ['blob'], shares: ['content', 'link'] }),
    )
  })

  test('holds foreign keys of an update only where it assigns them', () => {
    const renew = 'update link set lease_until = case when $1 > lease_until then $1 else lease_until end where blob_id = $2'
    expect(of(renew, 1, 2)).toEqual(only({ reads: ['link'], writes: ['link'] }))
    expect(of('update link set blob_id = $1', 1).shares).toEqual(['blob'])
    expect(of('update blob set id = $1', 1).shares).toEqual(['content', 'link'])
    const take = 'insert into blob (digest) values ($1) on conflict (digest) do update set size = blob.size returning id'
    expect(of(take, 'd')).toEqual(only({ reads: ['blob'], writes: ['blob'] }))
  })

  test('narrows to a row where the whole key is given', () => {
    const row = only({ reads: ['gc_queue(link, 1:2)'], writes: ['gc_queue(link, 1:2)'] })
    const insert = 'insert into gc_queue (kind, key, due_at) values ($1, $2, $3) on conflict (kind, key) do nothing'
    expect(of(insert, 'link', '1:2', 0)).toEqual(row)
    expect(of('delete from gc_queue where kind = $1 and key = $2', 'link', '1:2')).toEqual(row)
  })

  test('is the whole table where the key may not be the whole condition', () => {
    expect(of('delete from gc_queue where kind = $1', 'link')).toEqual(only({ reads: ['gc_queue'], writes: ['gc_queue'] }))
    expect(of('delete from gc_queue where kind = $1 and key = $2 or due_at < $3', 'link', '1:2', 0).writes).toEqual(['gc_queue'])
    const many = 'insert into gc_queue (kind, key) select $1, value from json_array_elements_text($2::json)'
    expect(of(many, 'link', '[]').writes).toEqual(['gc_queue'])
    const joined = 'select 1 from blob b join gc_queue q on q.key = $2 where b.kind = $1 and b.key = $2'
    expect(of(joined, 'link', '1:2').reads).toEqual(['blob', 'gc_queue'])
  })

  test('is not guessed where a name is unknown', () => {
    expect(() => of('select 1 from blobs')).toThrow('"blobs" is no table')
    expect(() => of('select 1 from blob b for update of c')).toThrow('a lock on "c"')
  })
})

describe('two steps depend on each other', () => {
  const step = (kind: Step['kind'], text: string): Step => ({ side: 0, kind, text, footprint: footprintOf(text, [], schema) })
  const write = 'update link set lease_until = 0'
  const read = 'select 1 from link'
  const lock = `${read} for update`
  const share = `${read} for key share`
  const insert = 'insert into link (blob_id) values ($1)'
  const lockBlob = 'select 1 from blob for update'

  test.each([
    ['a write and a read, since nothing is seen before the commit', step('statement', write), step('statement', read), false],
    ['two writes of a table', step('statement', write), step('statement', write), true],
    ['a write and a shared lock', step('statement', write), step('statement', share), true],
    ['two shared locks', step('statement', share), step('statement', share), false],
    ['a lock and a read', step('statement', lock), step('statement', read), false],
    ['the commit of a write and a read', step('commit', write), step('statement', read), true],
    ['the rollback of a write and a read', step('rollback', write), step('statement', read), false],
    ['the rollback of a write and a lock', step('rollback', write), step('statement', lock), true],
    ['the commit of a lock and a read', step('commit', lock), step('statement', read), false],
    ['two commits', step('commit', write), step('commit', write), false],
    ['the commit of an insert and a lock on what it refers to', step('commit', insert), step('statement', lockBlob), true],
  ] as const)('%s', (_title, a, b, expected) => {
    expect([dependent(a, b), dependent(b, a)]).toEqual([expected, expected])
  })

  test('a table and each of its rows, not two rows', () => {
    const row = (key: string) => footprintOf('delete from gc_queue where kind = $1 and key = $2', ['link', key], schema)
    const all = footprintOf('delete from gc_queue', [], schema)
    expect([mayBlock(row('1'), row('2')), mayBlock(row('1'), row('1'))]).toEqual([false, true])
    expect([mayBlock(row('1'), all), mayBlock(all, row('1'))]).toEqual([true, true])
  })
})
