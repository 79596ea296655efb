import { basic, getJson, workTogether } from '../load/index.ts'
import { discardedRow, type DiscardedRow, moveTime, writeMoves, writeTrash } from '../rows/index.ts'
import { pushArtifact, type RunningSystem } from '../systems/index.ts'
import { limit } from './goals.ts'
import { image, repository } from './image.ts'
import type { Scale, Workload } from './workload.ts'

const clients = 2
const pageSize = 100
const project = 'bench'
const small = 'bench/small'
const tag = 'latest'
const rows = (scale: Scale): number => scale(1_000_000)

/** What is asked for in each part about trash, and which rows are to come. */
const lists: Readonly<Record<string, { readonly query: string; readonly has: (row: DiscardedRow) => boolean }>> = {
  'trash of a project': { query: '', has: () => true },
  'trash of a repository': { query: '&repository=small', has: ({ inFirst }) => !inFirst },
  'blobs in the trash of a project': { query: '&kind=blob', has: ({ kind }) => kind === 'blob' },
  'blobs in the trash of a repository': { query: '&kind=blob&repository=small', has: ({ kind, inFirst }) => kind === 'blob' && !inFirst },
}
const history = 'history of a tag'
const parts = [...Object.keys(lists), history]

/** G3: what somebody looks through who wants something back. */
export const trashPages: Workload = {
  id: 'G3',
  title: 'Pages of trash and history, 1,000,000 rows',
  what:
    `${clients} clients ask the management API, with a password, for pages of ${pageSize} from places all over the trash of a project: of all, of ` +
    'a repository with a tenth of it, of one kind, which is every thousandth, and of both; and for pages of the history of a tag. Either has ' +
    '1,000,000 rows, which are written into the database while Berth does not run. Every page is compared with what should be on it.',
  parts: parts.map((name) => ({ name })),
  unit: 'page',
  cpuUnit: 'ms',
  shows: ['p99', 'cpuMicros'],
  systems: ['berth'],
  tools: {},
  login: true,
  warmUp: 2,
  measured: 3,
  goals: parts.map((part) => limit('p99', 20, 'ms', 1, part)),
  fill: async (_, server, scale) => {
    for (const name of [repository, small]) await pushArtifact(server.place, name, image, tag)
    await server.stop()
    writeTrash(server.place.folder, [repository, small], rows(scale))
    writeMoves(server.place.folder, repository, tag, rows(scale))
  },
  prepare: async (_, server, scale) => {
    const ask = pageReader(server)
    let number = 0
    /** Each time another place, far from the one before. */
    const nextPlace = (): number => 1 + ((number++ * 7919 * 101) % rows(scale))
    return {
      run: async (seconds, part) => {
        const list = lists[part]
        const one = async (): Promise<void> => {
          const place = nextPlace()
          if (list === undefined) checkPage(await ask(`tag-history?path=app&tag=${tag}`, `[${moveTime(place)},0]`), movesBefore(place))
          else checkPage(await ask(`trash?${list.query.slice(1)}`, `${place}`), trashBefore(place, list.has))
        }
        return await workTogether(clients, seconds, one)
      },
      check: () => Promise.resolve(),
      close: () => {},
    }
  },
}

type Item = Readonly<Partial<Record<'id' | 'at', string>>>

/** A page of a list of the project, behind the row that its cursor names. */
function pageReader({ place: { login }, port }: RunningSystem): (list: string, after: string) => Promise<readonly Item[]> {
  if (login === undefined) throw new Error('nobody can log in')
  const authorization = basic(login)
  return async (list, after) => {
    const cursor = Buffer.from(`1${after}`).toString('base64url')
    const path = `/api/v1/projects/${project}/${list}${list.endsWith('?') ? '' : '&'}limit=${pageSize}&cursor=${cursor}`
    return ((await getJson(port, path, authorization)) as { readonly items: readonly Item[] }).items
  }
}

/** From the one before the row of this number on. */
function trashBefore(number: number, has: (row: DiscardedRow) => boolean): string[] {
  const ids: string[] = []
  for (let id = number - 1; id > 0 && ids.length < pageSize; id--) if (has(discardedRow(id))) ids.push(`${id}`)
  return ids
}

function movesBefore(number: number): string[] {
  const count = Math.min(pageSize, number - 1)
  return Array.from({ length: count }, (_, index) => new Date(moveTime(number - 1 - index)).toISOString())
}

function checkPage(items: readonly Item[], wanted: readonly string[]): void {
  const came = items.map(({ id, at }) => id ?? (at === undefined ? '' : new Date(at).toISOString()))
  if (came.length === wanted.length && came.every((each, index) => each === wanted[index])) return
  throw new Error(`a page of ${came.length} instead of ${wanted.length}: ${came[0]} instead of ${wanted[0]} first`)
}
