import { randomBytes } from 'node:crypto'
import { cpSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { digestOf } from '../digest.ts'
import { succeed } from '../run-program.ts'
import type { Docker } from './docker-daemon.ts'
import { tarOf } from './tar.ts'

/** An image in a file as `docker save` writes it. */
export interface Archive {
  readonly file: string
  readonly id: string
}

/**
 * Builds an image that runs from a root filesystem, bash and cat of this machine with the libraries they need, and saves it in a
 * new folder. Run without arguments it prints the greeting and then `built`.
 */
export async function buildSmallImage(docker: Docker, folder: string, greeting: string): Promise<Archive> {
  mkdirSync(folder)
  const root = join(folder, 'root')
  const programs = ['/bin/bash', '/bin/cat']
  const libraries = (await succeed(['ldd', ...programs])).matchAll(/(\/\S+)(?= \(0x)/g)
  for (const path of new Set([...programs, ...[...libraries].map(([found]) => found)])) {
    mkdirSync(join(root, dirname(path)), { recursive: true })
    cpSync(realpathSync(path), join(root, path))
  }
  await succeed(['tar', '-C', root, '-cf', join(folder, 'root.tar'), '.'])
  rmSync(root, { recursive: true })
  writeFileSync(join(folder, 'greeting'), `${greeting}\n`)
  writeFileSync(join(folder, 'Dockerfile'), dockerfile)
  const id = (await docker.run('build', '--quiet', '--network', 'none', folder)).trim()
  const file = join(folder, 'image.tar')
  await docker.run('save', '--output', file, id)
  return { file, id }
}

const dockerfile = `FROM scratch
ADD root.tar /
COPY greeting /etc/greeting
RUN ["/bin/bash", "-c", "echo built >/etc/built"]
ENV FROM_CONFIG=yes
CMD ["/bin/cat", "/etc/greeting", "/etc/built"]
`

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
