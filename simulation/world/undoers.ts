import type { Digest } from '../../src/oci/index.ts'
import type { TrashEntry } from '../../src/registry/index.ts'
import { createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Image } from './api.ts'
import { ensureBlob } from './blob-pusher.ts'
import { orPushMissing } from './image-pusher.ts'
import { again, expectBytes } from './meddlers.ts'
import { Refused } from './network.ts'
import { createClient, type Client, type Workload } from './workload.ts'

/** Why what was to be undone can't be. */
const obstacles = ['TRASH_UNKNOWN', 'TAG_EXISTS', 'MANIFEST_IN_TRASH', 'MANIFEST_GONE', 'TAG_UNKNOWN_THEN', 'PRECONDITION_FAILED']

async function orObstacle(work: () => Promise<void>): Promise<void> {
  try {
    await work()
  } catch (error) {
    if (!(error instanceof Refused) || !obstacles.includes(error.code)) throw error
  }
}

/** Looks into the trash of what the others delete; restores some of it, and purges some. */
export const searchTrash = (workload: Workload, name: string): Promise<void> =>
  again(workload, name, async (_, client) => {
    await orObstacle(() => takeFromTrash(workload, client, client.random.pick(workload.repositories)))
  })

async function takeFromTrash(workload: Workload, client: Client, repository: string): Promise<void> {
  const { api, random } = client
  const { wanted } = workload
  const entries = await api.listTrash(repository)
  const others = wanted.length > 0 && random.chance(0.8)
  const meant = others ? random.pick(wanted) : random.pick([entries[0], entries.at(-1), entries.find(({ kind }) => kind === 'tag') ?? entries[random.below(entries.length)]])
  if (meant === undefined) return
  await api.showTrash(meant)
  if (random.chance(others ? 0.3 : 0.1)) return await api.purge(meant)
  wanted.push(meant)
  const pushed = workload.pushed.find(({ repository: of, image }) => of === meant.path && image.digest === meant.digest)
  if (pushed !== undefined && random.chance(0.6)) workload.purged.push(pushed)
  try {
    if (random.chance(0.5)) await untilDue(workload, client, meant)
    else await client.pause(random.chance(0.5) ? 'long' : 'short')
    await api.restore(meant)
  } finally {
    wanted.splice(wanted.indexOf(meant), 1)
  }
  await readRestored(workload, client, meant)
}

/** Until about the moment at which the collector may come for it, if that is near. */
async function untilDue({ scheduler, outside }: Workload, { random }: Client, { purgeAt }: TrashEntry): Promise<void> {
  const left = purgeAt - scheduler.now + random.pick([-2, 0, 1, 3]) * minute
  if (left > 0 && left < 60 * minute) await scheduler.sleep(outside, left)
}

/** All of its bytes, as they were. What is not there any more, the ledger judges. */
async function readRestored({ pushed }: Workload, { api }: Client, { kind, path, digest }: TrashEntry): Promise<void> {
  if (digest === undefined) return
  const at = (): Promise<void> => Promise.resolve()
  if (kind === 'blob') return expectBytes(digest, await api.getBlob(path, digest, at))
  expectBytes(digest, await api.getManifest(path, digest))
  const image = pushed.find((one) => one.repository === path && one.image.digest === digest)?.image
  for (const child of image?.children ?? []) expectBytes(child, await api.getBlob(path, child, at))
}

/** Where tags are moved, deleted, reverted and restored, and nobody else meddles. */
export const undone = 'two/undo'
const tags = ['kept-0', 'kept-1'] as const
const config = createContent('config of what is undone', 300)
const minute = 60_000

/** Images that a tag had, for others to go back to, and those to which somebody is about to go back: a good moment to delete them. */
export interface Formerly {
  readonly images: Image[]
  readonly aims: Digest[]
}

/** Moves tags and takes it back, in every way there is. */
export async function undoTags(workload: Workload, formerly: Formerly, name: string): Promise<void> {
  await ensureBlob(workload, createClient(workload, name), undone, config)
  let number = 0
  await again(workload, name, async (_, client) => {
    await orObstacle(() => undoOne(workload, client, formerly, `${name} ${number++}`))
  })
}

async function undoOne(workload: Workload, client: Client, formerly: Formerly, next: string): Promise<void> {
  const { api, random } = client
  const { wanted } = workload
  if (wanted.length > 0 && random.chance(0.35)) return await takeFromTrash(workload, client, undone)
  const contested = wanted.find(({ path, kind }) => path === undone && kind === 'tag')?.tag
  const tag = contested !== undefined && random.chance(0.7) ? contested : random.pick(tags)
  const former = formerly.images.at(-1 - random.below(Math.min(formerly.images.length, 4)))
  const does = random.below(100)
  if (does < 32 || former === undefined) return await putNext(workload, client, formerly, tag, next)
  if (does < 58) return await revert(workload, client, formerly, tag, former.digest)
  if (does < 66) return await api.deleteTag(undone, tag)
  if (does < 76) return await api.deleteManifest(undone, formerly.aims.at(-1) ?? former.digest)
  if (does < 92) return await takeFromTrash(workload, client, undone)
  if (does < 96) return void (await api.tagAt(undone, tag, workload.scheduler.now - minute * random.between(1, 90)))
  await api.readTag(undone, tag)
}

async function putNext(workload: Workload, client: Client, formerly: Formerly, tag: string, next: string): Promise<void> {
  const image = { ...createManifest(`undone ${next}`, config, []), children: [config.digest] }
  const put = (): Promise<unknown> => client.api.putManifest(undone, image, tag)
  await orPushMissing(workload, client, undone, [config], put)
  formerly.images.push(image)
}

/** As people do: they look at what there was, make sure that it is still there, and go back to it. */
async function revert({ scheduler }: Workload, client: Client, { aims }: Formerly, tag: string, digest: Digest): Promise<void> {
  const { api, random } = client
  const { moves } = await api.tagHistory(undone, tag)
  if (random.chance(0.3)) {
    return void (await api.revertTag(undone, tag, { at: scheduler.now - minute * random.between(1, 60) }, undefined))
  }
  await api.headManifest(undone, digest)
  aims.push(digest)
  try {
    await client.pause(random.chance(0.3) ? 'long' : 'short')
    const expected = random.chance(0.4) ? moves[0]?.to : undefined
    await api.revertTag(undone, tag, { digest }, expected)
  } finally {
    aims.splice(aims.indexOf(digest), 1)
  }
}
