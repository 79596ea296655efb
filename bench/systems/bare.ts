import { join } from 'node:path'
import type { System } from './system.ts'

/** Not a registry: what the bytes of a push cost on this runtime, with nothing around them. */
export const bare: System = {
  id: 'bare',
  name: 'Bun, the bytes alone',
  version: [process.execPath, '--version'],
  install: 'npm ci in this checkout',
  facts:
    'A program of a page on the runtime that Berth runs on: it receives, hashes, writes and syncs a body, and renames the file. It has no ' +
    'database, no log, no limits and no names; it is no registry.',
  files: () => ({}),
  command: ({ folder, port }) => [process.execPath, join(import.meta.dir, 'bare-server.ts'), port, folder],
  ready: '/ready',
  hold: () => Promise.reject(new Error('it holds only what is pushed while it is measured')),
}
