import { statement } from '../../src/database/index.ts'
import { countGarbage, type NeededImage } from '../collection/garbage.ts'
import { type Client, expectStatus } from '../rig/client.ts'
import { baseImage } from './shared-layers.ts'
import { type Keeping, project, writeAndDelete } from './deleting-writer.ts'
import { hotConfig, hotRepository, readHot } from './hot-tags.ts'
import { imageWriters, type Load } from './load.ts'
import { checkShelf } from './shelf-check.ts'
import { createShelf } from './shelf.ts'
import type { Collection, Work } from './work.ts'

/** What is collected, beside what nothing refers to. */
export interface Collecting {
  /** Of the trash, in ms; 0 for none. */
  readonly retention: number
  /** Whether a manifest that no tag names goes as well. */
  readonly untagged: boolean
}

const variants: readonly Collecting[] = [
  { retention: 3_000, untagged: false },
  { retention: 0, untagged: false },
  { retention: 3_000, untagged: true },
  { retention: 0, untagged: true },
]

/** Of rounds that follow each other each has another one. */
export function collectingOf(seed: number): Collecting {
  return variants[seed % variants.length] as Collecting
}

const password = 'plum-Canoe 77 riddle'
const authorization = `Basic ${btoa(`admin:${password}`)}`
const [lease, drain] = [2_000, 1_000]

/** So many things each writer does before the first crash: there is something to delete then. */
const stock = 8

const due = statement<{ count: number }>(`
  select (select count(*) from gc_queue where due_at <= $1) + (select count(*) from trash where purge_at <= $1) as count`)
const steps = statement<{ count: number }>(`
  select count(*) as count from event
  where kind in ('link.collect', 'blob.collect', 'manifest.collect') or (kind in ('tag.purge', 'manifest.purge') and actor is null)`)
const inTrash = statement<{ count: number }>('select count(*) as count from trash')

/**
 * Images are pushed, deleted, pushed again, restored and purged beside a collector that comes for all of it within seconds: whatever is
 * killed meanwhile, nothing that was acknowledged is lost, and in the end nothing is there that nobody needs.
 */
export function createCollectingWork(collecting: Collecting): Work {
  const shelf = createShelf()
  const keeping: Keeping = { lease, retention: collecting.retention, keepsUntagged: !collecting.untagged }
  const write: Work['write'] = (load, writer) => writeAndDelete(load, shelf, keeping, writer)
  let hot: readonly NeededImage[] = []
  return Object.freeze<Work>({
    settings: settingsOf(collecting),
    keepsUntagged: keeping.keepsUntagged,
    as: asAdmin,
    writersOfATag: 1,
    // An image takes several requests, and each writer is to come to more than one.
    killAfter: [100, 400],
    setUp: async (load) => {
      const headers = { 'content-type': 'application/json' }
      const body = new TextEncoder().encode(JSON.stringify({ name: project }))
      expectStatus(await load.client.send('POST', '/api/v1/projects', { body, headers }), 201)
      const names = Array.from({ length: imageWriters }, (_, number) => ({ number, name: `stock-${number}` }))
      await Promise.all(names.map((name) => write({ ...load, over: afterwards(stock) }, name)))
    },
    write,
    verify: async (load, howMuch) => {
      await checkShelf(load, shelf, keeping, howMuch)
      if (howMuch === 'all') hot = await hotImages(load)
    },
    collection: createCollection(keeping, () => [...shelf.all().filter(({ fate }) => fate === 'kept'), baseImage, ...hot]),
  })
}

function settingsOf({ retention, untagged }: Collecting): Readonly<Record<string, string>> {
  return {
    BERTH_OPEN: 'false',
    BERTH_ADMIN_PASSWORD: password,
    BERTH_GC_INTERVAL: '100ms',
    BERTH_GC_LEASE: `${lease}ms`,
    BERTH_GC_DRAIN: `${drain}ms`,
    BERTH_GC_UNTAGGED: untagged ? '0s' : 'off',
    BERTH_UPLOADS_EXPIRY: '2s',
    BERTH_TRASH_RETENTION: `${retention}ms`,
  }
}

function createCollection({ retention }: Keeping, needed: () => readonly NeededImage[]): Collection {
  return Object.freeze<Collection>({
    noteCrash: async ({ figures }, database) => {
      if (Number((await database.one(due, Date.now()))?.count) > 0) figures.killsWhileCollecting++
    },
    leftOver: async ({ figures }, data, database) => {
      const { rows, files } = await countGarbage(data, database, needed())
      const trash = Number((await database.one(inTrash))?.count)
      figures.collected = Number((await database.one(steps))?.count)
      if (rows === 0 && files === 0 && trash === 0) return undefined
      return `nobody needs ${rows} blobs and ${files} files that are still there, and ${trash} things are still in the trash`
    },
    // Each waits for the one before: a tag in the trash, its manifest there, links, blobs, files.
    within: 2 * retention + 3 * lease + drain + 20_000,
  })
}

/** True from the time on when it was asked so often. */
function afterwards(times: number): () => boolean {
  return () => times-- <= 0
}

function asAdmin(client: Client): Client {
  return {
    send: async (method, path, message = {}) =>
      await client.send(method, path, { ...message, headers: { authorization, ...message.headers } }),
  }
}

/** All that were ever pushed where an untagged manifest stays; else what the tags name now. */
async function hotImages({ client, hot, ledger }: Load): Promise<NeededImage[]> {
  const digests = new Set<string>()
  for (const item of ledger.all('kept')) if (item.repository === hotRepository) digests.add(item.digest)
  for (const [tag, history] of hot) digests.add(await readHot(client, tag, history))
  return [...digests].map((digest) => ({ manifest: { digest }, config: hotConfig, layers: [] }))
}
