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

/** What a string takes beside its letters, and an entry beside its strings. */
const [perName, perList] = [32, 256]

interface Reading {
  readonly names: Promise<readonly string[]>
  readonly asOf: number
}

/**
 * From memory while the repository is unchanged, and read once for all who ask meanwhile. Without `changes` the database is asked each time.
 *
 * @param capacity bytes of memory; a list that does not fit is read for whoever asks
 */
export function createWholeLists(database: Database, changes: Changes | undefined, capacity: number): WholeLists {
  const lists = createLru<number, Entry>({
    capacity,
    weigh: ({ names }) => names.reduce((sum, { length }) => sum + length + perName, perList),
  })
  const read = async (repository: number): Promise<readonly string[]> =>
    (await database.all(allTags, repository)).map(({ name }) => name)

  const readings = new Map<number, Reading>()

  async function begin(repository: number, asOf: number): Promise<readonly string[]> {
    const reading = { names: read(repository), asOf }
    readings.set(repository, reading)
    try {
      const names = await reading.names
      // Another one that began after a change may have come to its end before.
      if (readings.get(repository) === reading) lists.set(repository, { names, asOf })
      return names
    } finally {
      if (readings.get(repository) === reading) readings.delete(repository)
    }
  }

  if (changes === undefined) return Object.freeze<WholeLists>({ tags: read })
  return Object.freeze<WholeLists>({
    tags: (repository) =>
      andThen(changes.catchUp(), () => {
        // What is being read is good for whoever asks now, unless it began before a change that was acknowledged by now.
        const known = [lists.get(repository), readings.get(repository)].find((each) => each !== undefined && changes.unchanged(repository, each.asOf))
        return known?.names ?? begin(repository, changes.position())
      }),
  })
}
