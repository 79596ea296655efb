import { artifactOf, type Content, getJson, numberedBlob, type RegistryClient, withCrew, workTogether } from '../load/index.ts'
import { artifactAt, nextBlob, referrersOf, smallTags, type Stock } from './stocked-repository.ts'
import { checkNames } from './tag-lists.ts'
import type { Outcome, Scale } from './workload.ts'

const clients = 8
const listClients = 2
const pageSize = 100

export const acts = ['push', 'pull', 'page of tags', 'referrers', 'delete'] as const
export type Act = (typeof acts)[number]

/** What clients do in one repository, and how it is checked afterwards. */
export interface StockWork {
  readonly run: Readonly<Record<Act, Run>>
  readonly check: () => Promise<void>
}

type Run = (seconds: number) => Promise<Outcome>

export const howWorked =
  `${clients} clients of our own push artifacts (a blob of 1 KiB that is new, a manifest, a tag), pull (a manifest by tag, and ` +
  `one of its blobs; ${smallTags} tags that are spread over all) and delete of what was pushed (the manifest with its tag, the ` +
  `blob); ${listClients} ask for a page of ${pageSize} tags from the middle, and for the ${pageSize} referrers of a manifest.`

export function workOn(port: number, stock: Stock, scale: Scale): StockWork {
  const { push, remove, check } = changes(port, stock.repository)
  const run = { push, pull: pulls(port, stock, scale), 'page of tags': tagPages(port, stock, scale), delete: remove }
  return { run: { ...run, referrers: referrerLists(port, stock) }, check }
}

interface Pushed {
  readonly tag: string
  readonly manifest: Content
  readonly blob: Content
}

/** The storage is kept from run to run, and no blob is pushed twice. */
let pushedEver = 0

interface Changes extends Pick<StockWork, 'check'> {
  readonly push: Run
  readonly remove: Run
}

function changes(port: number, repository: string): Changes {
  const held: Pushed[] = []
  let pushed = 0
  let gone: Pushed | undefined
  const path = `/v2/${repository}`

  const push = async (client: RegistryClient): Promise<void> => {
    const number = nextBlob + pushedEver++
    const blob = numberedBlob(number)
    // A tag that is listed after those of the stock.
    const one = { tag: `w${number}`, blob, manifest: artifactOf([blob]).manifest }
    await client.pushBlob(repository, blob)
    await client.pushManifest(repository, one.tag, one.manifest)
    held.push(one)
    pushed++
  }
  const remove = async (client: RegistryClient, one: Pushed): Promise<void> => {
    await client.ask(202, { method: 'DELETE', target: `${path}/manifests/${one.manifest.digest}` })
    await client.ask(202, { method: 'DELETE', target: `${path}/blobs/${one.blob.digest}` })
    gone = one
  }
  return {
    push: async (seconds) => await withCrew(port, clients, async (crew) => await crew.work(seconds, push)),
    /** For as long as it takes: a third of all, since it is called up to three times. The first one stays, to be read back. */
    remove: async () => {
      const some = held.splice(1, Math.ceil(pushed / 3))
      const one = async (client: RegistryClient, index: number) => await remove(client, some[index] ?? missing())
      return await withCrew(port, clients, async (crew) => await crew.share(some.length, one))
    },
    check: async () =>
      await withCrew(port, 1, async ({ first }) => {
        const kept = held[0] ?? missing()
        await first.checkManifest(repository, kept.tag, kept.manifest)
        await first.checkBlob(repository, kept.blob)
        const { tag, blob } = gone ?? missing()
        await first.ask(404, { method: 'GET', target: `${path}/manifests/${tag}` })
        await first.ask(404, { method: 'GET', target: `${path}/blobs/${blob.digest}` })
      }),
  }
}

/** Of as many tags in every repository, so that what fits into a cache is no part of the difference. */
function pulls(port: number, stock: Stock, scale: Scale): Run {
  const { repository, tags } = stock
  const count = scale(smallTags)
  const pulled = Array.from({ length: count }, (_, index) => {
    const tag = Math.floor((index * tags.length) / count)
    return { tag: tags[tag] ?? '', ...artifactAt(stock, tag) }
  })
  let number = 0
  const pull = async (client: RegistryClient): Promise<void> => {
    const [index, turn] = [number % count, Math.floor(number / count)]
    number++
    const { tag, manifest, blobs } = pulled[index] ?? missing()
    const layers = blobs.slice(1)
    await client.checkManifest(repository, tag, manifest)
    await client.checkBlob(repository, layers[turn % layers.length] ?? missing())
  }
  return async (seconds) => await withCrew(port, clients, async (crew) => await crew.work(seconds, pull))
}

function tagPages(port: number, { repository, tags }: Stock, scale: Scale): Run {
  const size = scale(pageSize)
  const from = Math.floor((tags.length - size) / 2)
  const target = `/v2/${repository}/tags/list?n=${size}${from > 0 ? `&last=${tags[from - 1]}` : ''}`
  return async (seconds) =>
    await workTogether(listClients, seconds, async () => {
      const list = (await getJson(port, target)) as { readonly tags?: readonly string[] }
      checkNames(list.tags, tags.slice(from, from + size))
    })
}

function referrerLists(port: number, stock: Stock): Run {
  const target = `/v2/${stock.repository}/referrers/${artifactAt(stock, 0).manifest.digest}`
  const wanted = referrersOf(stock).map(({ digest }) => digest).toSorted()
  return async (seconds) =>
    await workTogether(listClients, seconds, async () => {
      const { manifests } = (await getJson(port, target)) as { readonly manifests?: readonly { readonly digest: string }[] }
      checkNames(manifests?.map(({ digest }) => digest).toSorted(), wanted)
    })
}

function missing(): never {
  throw new Error('there is nothing to ask for: too small a scale')
}
