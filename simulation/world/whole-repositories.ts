import type { TrashEntry } from '../../src/registry/index.ts'
import { Violation } from '../rig/client.ts'
import { createContent, type Content } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Image } from './api.ts'
import { isUnknown } from './blob-pusher.ts'
import { expectBytes } from './meddlers.ts'
import { Refused } from './network.ts'
import { createClient, type Client, type Workload } from './workload.ts'

/** Repositories here are deleted as a whole, each by the one client that made it: what must be there it knows itself. */
export const ownProject = 'three'
const tag = 'v'
const present = 'ok'

/** Makes repositories, deletes them, and has them back, purges them, or makes others in their place. */
export async function deleteRepositories(workload: Workload, name: string): Promise<void> {
  const client = createClient(workload, name)
  for (let number = 0; !workload.over(); number++) {
    await oneRepository(workload, client, `${ownProject}/of-${name}-${number}`)
    await client.pause('short')
  }
}

async function oneRepository(workload: Workload, client: Client, path: string): Promise<void> {
  const image = await fill(client, path, 'first')
  const [deletedAt, deleted] = [workload.scheduler.now, await change(client, () => client.api.deleteRepository(path))]
  if (!deleted.includes(present) && !deleted.includes('NAME_UNKNOWN')) throw new Violation(`${path} can't be deleted: ${deleted}`)
  if (await isThere(client, path, image)) throw new Violation(`${image.digest} is served from ${path}, which was deleted`)
  if (workload.retention === 0) return
  const entry = await findEntry(workload, client, path, deletedAt)
  if (entry === undefined) return
  await client.pause(client.random.chance(0.5) ? 'long' : 'short')
  if (client.random.chance(0.4)) await occupy(workload, client, entry)
  if (client.random.chance(0.3)) return await purge(workload, client, entry)
  await restore(workload, client, entry, image)
}

async function fill(client: Client, path: string, what: string): Promise<Image> {
  const config: Content = createContent(`config of ${path} ${what}`, 300)
  const image = { ...createManifest(`${path} ${what}`, config, []), children: [config.digest] }
  await client.persist(`fill ${path}`, async () => {
    for (let missing = true; missing; ) {
      await client.api.pushAlone(path, config)
      missing = await client.api.putAlone(path, image, tag).then(
        () => false,
        (error: unknown) => {
          if (error instanceof Refused && error.missing.length > 0) return true
          throw error
        },
      )
    }
  })
  return image
}

/** Does it until there is an answer: `ok` or the refusal, and before it what was refused after a lost answer. */
async function change(client: Client, work: () => Promise<unknown>): Promise<string> {
  let lost = ''
  return await client.persist('change a repository', async () => {
    try {
      await work()
      return present
    } catch (error) {
      if (error instanceof Refused && !['UNKNOWN', 'UNAVAILABLE', 'STORAGE_FULL'].includes(error.code)) return `${error.code}${lost}`
      lost = ' after a lost answer'
      throw error
    }
  })
}

async function isThere(client: Client, path: string, { digest }: Image): Promise<boolean> {
  return await client.persist(`read ${path}`, async () => {
    try {
      expectBytes(digest, await client.api.getManifest(path, digest))
      return true
    } catch (error) {
      if (isUnknown(error)) return false
      throw error
    }
  })
}

async function findEntry({ scheduler, retention }: Workload, client: Client, path: string, deletedAt: number): Promise<TrashEntry | undefined> {
  const entries = await client.persist('list repositories in the trash', () => client.api.listRepositoryTrash(path))
  const [entry] = entries
  if (entry === undefined && scheduler.now < deletedAt + retention) throw new Violation(`${path} was deleted and is not in the trash`)
  return entry
}

/** Another repository takes its path, which the first one then can't have. */
async function occupy({ scheduler }: Workload, client: Client, entry: TrashEntry): Promise<void> {
  const other = await fill(client, entry.path, 'second')
  const answer = await change(client, () => client.api.restoreRepository(entry))
  const isDue = scheduler.now >= entry.purgeAt
  if (!answer.startsWith('REPOSITORY_EXISTS') && !(isDue && answer.startsWith('TRASH_UNKNOWN'))) {
    throw new Violation(`a repository is restored over another one at ${entry.path}: ${answer}`)
  }
  if (!(await isThere(client, entry.path, other))) throw new Violation(`${other.digest} of the second ${entry.path} is gone`)
  await change(client, () => client.api.deleteRepository(entry.path))
}

async function restore({ scheduler }: Workload, client: Client, entry: TrashEntry, image: Image): Promise<void> {
  const answer = await change(client, () => client.api.restoreRepository(entry))
  if (answer.startsWith('TRASH_UNKNOWN') && scheduler.now >= entry.purgeAt) return
  if (answer !== present && answer !== 'TRASH_UNKNOWN after a lost answer') throw new Violation(`${entry.path} can't be restored: ${answer}`)
  if (!(await isThere(client, entry.path, image))) throw new Violation(`${image.digest} of ${entry.path} did not come back`)
  const [pointed, { moves }] = await client.persist('read what came back', async () => [
    await client.api.readTag(entry.path, tag),
    await client.api.tagHistory(entry.path, tag),
  ] as const)
  const told = moves.map(({ to }) => to)
  if (pointed !== image.digest || told.join() !== image.digest) throw new Violation(`the tag of ${entry.path} names ${pointed}, and was once ${told.join()}`)
  for (const child of image.children) {
    expectBytes(child, await client.persist('read a blob', () => client.api.getBlob(entry.path, child, () => Promise.resolve())))
  }
}

async function purge({ scheduler }: Workload, client: Client, entry: TrashEntry): Promise<void> {
  const purged = await change(client, () => client.api.purgeRepository(entry))
  const isExplained = purged === 'TRASH_UNKNOWN after a lost answer' || scheduler.now >= entry.purgeAt
  if (purged !== present && !isExplained) throw new Violation(`${entry.path} can't be purged: ${purged}`)
  const answer = await change(client, () => client.api.restoreRepository(entry))
  if (!answer.startsWith('TRASH_UNKNOWN')) throw new Violation(`${entry.path} was purged, and restoring it is answered ${answer}`)
}
