import type { Database } from '../database/index.ts'
import { andThen, createLru, type Soon } from '../lib/index.ts'
import type { Changes } from './changes.ts'
import { allTags } from './list-store.ts'

/** Lists that clients which know no pages ask for, over and over: what looks for new images does, whether or not there are any. */
export interface WholeLists {
  /** All tags of a repository, in byte order. */
  tags(repository: number): Soon<readonly string[]>
}

interface Entry {
  readonly names: readonly string[]
  readonly asOf: number
}

/** Bytes: several lists of 100,000 tags. */
const memory = 16 * 1024 * 1024
/** What a string takes beside its letters, and an entry beside its strings. */
const [perName, perList] = [32, 256]

/** From memory while the repository is unchanged. Without `changes` the database is asked each time. */
export function createWholeLists(database: Database, changes: Changes | undefined): WholeLists {
  const lists = createLru<number, Entry>({
    capacity: memory,
    weigh: ({ names }) => names.reduce((sum, { length }) => sum + length + perName, perList),
  })
  const read = async (repository: number): Promise<readonly string[]> =>
    (await database.all(allTags, repository)).map(({ name }) => name)

  async function remember(repository: number, asOf: number): Promise<readonly string[]> {
    const names = await read(repository)
    lists.set(repository, { names, asOf })
    return names
  }

  if (changes === undefined) return Object.freeze<WholeLists>({ tags: read })
  return Object.freeze<WholeLists>({
    tags: (repository) =>
      andThen(changes.catchUp(), () => {
        const known = lists.get(repository)
        return known !== undefined && changes.unchanged(repository, known.asOf)
          ? known.names
          : remember(repository, changes.position())
      }),
  })
}
