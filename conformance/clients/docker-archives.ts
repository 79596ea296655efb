import { randomBytes } from 'node:crypto'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { digestOf } from '../digest.ts'
import { succeed } from '../run-program.ts'
import type { Docker } from './docker-daemon.ts'
import { writeSmallContext } from './small-context.ts'
import { tarOf } from './tar.ts'

/** An image in a file as `docker save` writes it. */
export interface Archive {
  readonly file: string
  readonly id: string
}

/** Builds the image of `writeSmallContext` and saves it in a new folder. */
export async function buildSmallImage(docker: Docker, folder: string, greeting: string): Promise<Archive> {
  await writeSmallContext(folder, greeting)
  const id = (await docker.run('build', '--quiet', '--network', 'none', folder)).trim()
  const file = join(folder, 'image.tar')
  await docker.run('save', '--output', file, id)
  return { file, id }
}

/** MiB of random bytes in each layer. The large layers come last: vfs copies what is below. */
const layerSizes = [...Array<number>(16).fill(1), ...Array<number>(4).fill(24)]

export const largeImage = Object.freeze({
  layers: layerSizes.length,
  size: layerSizes.reduce((sum, size) => sum + size) * 1024 ** 2,
})

/** Writes an image of 20 layers that no compression makes smaller. */
export async function writeLargeImage(folder: string): Promise<Archive> {
  mkdirSync(folder)
  const archives = layerSizes.map((size, layer) => tarOf(`file-${layer}`, randomBytes(size * 1024 ** 2)))
  const rootfs = { type: 'layers', diff_ids: archives.map((archive) => digestOf(archive)) }
  const config = JSON.stringify({ architecture: 'amd64', os: 'linux', config: {}, rootfs })
  const layers = archives.map((_, layer) => `${layer}.tar`)
  for (const [layer, archive] of archives.entries()) writeFileSync(join(folder, `${layer}.tar`), archive)
  writeFileSync(join(folder, 'config.json'), config)
  writeFileSync(join(folder, 'manifest.json'), JSON.stringify([{ Config: 'config.json', RepoTags: null, Layers: layers }]))
  const file = join(folder, 'image.tar')
  await succeed(['tar', '-C', folder, '-cf', file, '--remove-files', 'manifest.json', 'config.json', ...layers])
  return { file, id: digestOf(config) }
}
