import { createTagHistory, type TagHistory } from '../kill/tag-history.ts'
import { createContent } from '../rig/content.ts'
import { Violation } from '../rig/client.ts'
import { createManifest } from '../rig/image.ts'
import { ensureBlob, isUnknown } from './blob-pusher.ts'
import { orPushMissing } from './image-pusher.ts'
import { createClient, isPassing, type Client, type Workload } from './workload.ts'

/** Tags that several clients overwrite and read without an order, each judged as a linearizable register. */
export interface HotTags {
  write(client: Client): Promise<void>
  read(client: Client): Promise<void>
  /** What is wrong, or undefined. */
  judge(): string | undefined
}

const repository = 'hot/tags'
const config = createContent('hot config', 300)
/** After so many writes everybody goes on to the next tag, which then has to be created. */
const writesOfATag = 3

export function createHotTags({ scheduler }: Workload): HotTags {
  const histories = new Map<string, TagHistory>()
  const acknowledged = new Map<string, number>()
  let writes = 0
  const present = (): string => `hot-${Math.floor(writes / writesOfATag)}`
  const historyOf = (tag: string): TagHistory => {
    const history = histories.get(tag) ?? createTagHistory()
    histories.set(tag, history)
    return history
  }

  async function write(client: Client): Promise<void> {
    const tag = present()
    const image = { ...createManifest(`${client.name} ${++writes}`, config, []), children: [config.digest] }
    const written = historyOf(tag).write(image.digest, scheduler.steps)
    try {
      await client.api.putManifest(repository, image, tag)
      written(scheduler.steps)
      acknowledged.set(tag, Math.min(acknowledged.get(tag) ?? Infinity, scheduler.steps))
    } catch (error) {
      if (!isPassing(error)) throw error
    }
  }

  async function read(client: Client): Promise<void> {
    const [tag, start] = [client.random.chance(0.7) ? present() : `hot-0`, scheduler.steps]
    try {
      historyOf(tag).read(await client.api.readTag(repository, tag), start, scheduler.steps)
    } catch (error) {
      if (isPassing(error)) return
      if (!isUnknown(error)) throw error
      const since = acknowledged.get(tag)
      if (since !== undefined && since < start) throw new Violation(`the tag ${tag} is not there in step ${start}; step ${since} acknowledged it`)
    }
  }

  return Object.freeze<HotTags>({ write, read, judge: () => judgeAll(histories) })
}

function judgeAll(histories: ReadonlyMap<string, TagHistory>): string | undefined {
  for (const [tag, history] of histories) {
    const problem = history.judge()
    if (problem !== undefined) return `the tag ${tag}: ${problem}`
  }
  return undefined
}

/** Writes and reads them until it is over. */
export async function useHotTags(workload: Workload, tags: HotTags, name: string): Promise<void> {
  const client = createClient(workload, name)
  await ensureBlob(workload, client, repository, config)
  // The first image keeps the config for all that follow.
  const first = { ...createManifest(`first of ${name}`, config, []), children: [config.digest] }
  const put = (): Promise<unknown> => client.api.putManifest(repository, first, undefined)
  await client.persist('the first image', () => orPushMissing(workload, client, repository, [config], put))
  while (!workload.over()) {
    if (client.random.chance(0.5)) await tags.write(client)
    else await tags.read(client)
    await client.pause('short')
  }
}
