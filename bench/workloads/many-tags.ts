import { openCrew } from '../load/index.ts'
import type { RunningSystem, System } from '../systems/index.ts'
import { image, repository } from './image.ts'
import type { Scale } from './workload.ts'

/** In the order in which registries list them. */
export function tagNames(count: number): string[] {
  return Array.from({ length: count }, (_, number) => `v${`${number}`.padStart(6, '0')}`)
}

/** Pushes an image and gives it so many tags: by pushes, or by files where the pushes of a peer would take hours. */
export async function giveTags(system: System, server: RunningSystem, count: number): Promise<void> {
  await system.hold(server.place, repository, image)
  if (system.layTags !== undefined) {
    await server.stop()
    system.layTags(server.place.folder, repository, image.manifest, tagNames(count))
    return
  }
  const tags = tagNames(count)
  const crew = await openCrew(server.port, 32)
  try {
    await crew.share(count, async (client, index) => await client.pushManifest(repository, tags[index] ?? '', image.manifest))
  } finally {
    crew.close()
  }
}

export const manyTags = (scale: Scale): number => scale(100_000)

export const howTagsCame =
  'The tags of one manifest are pushed to Berth; for the other registries they are written into their ' +
  'storage while they do not run, ' +
  'as they keep them.'
