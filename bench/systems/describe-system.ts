import { basename, join } from 'node:path'
import type { SystemResult } from '../results.ts'
import type { System } from './system.ts'

const checkout = join(import.meta.dir, '../..')

/** A system as the page shows it: with names for the folder and the port, and without this machine's paths. */
export function describeSystem(system: System, version: string): SystemResult {
  const { id, name, facts } = system
  const place = { folder: 'FOLDER', port: 'PORT' }
  const [program = '', ...flags] = system.command(place)
  const short = program.startsWith(checkout) ? program : basename(program)
  const files = Object.fromEntries(Object.entries(system.files(place)).filter(([path]) => !path.startsWith('www/')))
  return { id, name, version, facts, command: [short, ...flags].join(' ').replaceAll(checkout, '.'), files }
}
