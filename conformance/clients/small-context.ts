import { cpSync, mkdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { succeed } from '../run-program.ts'

/**
 * Writes what builders need for an image that runs, into a new folder: a Dockerfile and a root filesystem of bash and cat of this
 * machine with the libraries they need. Run without arguments the image prints the greeting and then `built`.
 */
export async function writeSmallContext(folder: string, greeting: string): Promise<void> {
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
}

const dockerfile = `FROM scratch
ADD root.tar /
COPY greeting /etc/greeting
RUN ["/bin/bash", "-c", "echo built >/etc/built"]
ENV FROM_CONFIG=yes
CMD ["/bin/cat", "/etc/greeting", "/etc/built"]
`
