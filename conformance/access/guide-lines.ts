import { mkdirSync, readFileSync, symlinkSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { berth } from '../server.ts'
import type { TemporaryFolder } from '../temporary-folder.ts'

const guide = join(import.meta.dir, '../../docs/guide')
/** The lines for the shell of a page, or of a section of it. */
export const blocks = (page: string, heading = '') => {
  const text = readFileSync(join(guide, page), 'utf8')
  const section = heading === '' ? text : (text.split(`\n## ${heading}\n`)[1]?.split('\n## ')[0] ?? '')
  return [...section.matchAll(/```sh\n([^]*?)```/g)].map(([, lines = '']) => lines)
}

/** A home with nothing in it but `bin`, where the programs are. */
export function emptyHome(folder: TemporaryFolder, programs: Readonly<Record<string, string>>): Record<string, string> {
  const bin = join(folder.path, 'bin')
  mkdirSync(bin)
  for (const [name, path] of Object.entries({ ...programs, berth })) symlinkSync(path, join(bin, name))
  return { HOME: folder.path, DOCKER_CONFIG: join(folder.path, '.docker'), TMPDIR: folder.path, PATH: `${bin}:${dirname(process.execPath)}:/usr/bin:/bin` }
}
