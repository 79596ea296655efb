import { afterAll, beforeEach, expect, test } from 'bun:test'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { checkArchitecture } from './check.ts'

const root = mkdtempSync(join(tmpdir(), 'berth-architecture-'))
afterAll(() => rmSync(root, { recursive: true }))
beforeEach(() => rmSync(join(root, 'src'), { recursive: true, force: true }))

/** What the check says of these files, as `path:line rule`. */
function check(files: Record<string, string>): string[] {
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  return checkArchitecture(root).map(({ path, line, rule }) => `${path}:${line} ${rule}`)
}

const methods = (count: number) => Array.from({ length: count }, (_, i) => `  m${i}(): void`).join('\n')
const imports = (count: number) => Array.from({ length: count }, (_, i) => `import './part-${i}.ts'`).join('\n')

// Each row: a file, its text, the line and the rule that has to object.
const planted: [path: string, text: string, line: number, rule: string][] = [
  ['src/lib/clock.ts', "import { digest } from '../oci/index.ts'", 1, 'arrows'],
  ['src/registry/pull.ts', "\nimport type { Route } from '../http/index.ts'", 2, 'arrows'],
  ['src/registry/pull.ts', "export { serve } from '../http/index.ts'", 1, 'arrows'],
  ['src/registry/pull.ts', "await import('../http/index.ts')", 1, 'arrows'],
  ['src/registry/pull.ts', "type A = import('../http/index.ts').A", 1, 'arrows'],
  ['src/registry/pull.ts', "import '../../tools/postgres.ts'", 1, 'arrows'],
  ['src/registry/pull.test.ts', "import '../http/index.ts'", 1, 'arrows'],
  ['src/features/audit/routes.ts', "import '../quotas/index.ts'", 1, 'arrows'],
  ['src/cellar/rack.ts', "import '../lib/index.ts'", 1, 'arrows'],
  ['src/registry/pull.ts', "import '../storage/blob-store.ts'", 1, 'entrances'],
  ['src/registry/pull.ts', "import '../record/event-transactions.ts'", 1, 'entrances'],
  ['src/registry/pull.test.ts', "import '../storage/blob-store.ts'", 1, 'entrances'],
  ['src/storage/index.ts', "import './blob-store.contract.ts'", 1, 'test-code'],
  ['src/storage/index.ts', "import { test } from 'bun:test'", 1, 'packages'],
  ['src/registry/pull.ts', "import pg from 'pg'", 1, 'packages'],
  ['src/registry/pull.ts', "import { Database } from 'bun:sqlite'", 1, 'packages'],
  ['src/registry/pull.ts', "import pino from 'pino'", 1, 'packages'],
  ['src/config/load.ts', "import { Command } from 'commander'", 1, 'packages'],
  ['src/registry/pull.ts', "import { z } from 'zod'", 1, 'packages'],
  ['src/lib/left.ts', "import pad from '@left/pad/deep'", 1, 'packages'],
  ['src/registry/pull.ts', 'const now = Date.now()', 1, 'surroundings'],
  ['src/registry/pull.ts', 'const now = new Date()', 1, 'surroundings'],
  ['src/registry/pull.ts', "const now = Date['now']()", 1, 'surroundings'],
  ['src/registry/pull.ts', 'const chance = Math.random()', 1, 'surroundings'],
  ['src/registry/pull.ts', 'setTimeout(() => {}, 1)', 1, 'surroundings'],
  ['src/registry/pull.ts', 'globalThis.setInterval(() => {}, 1)', 1, 'surroundings'],
  ['src/registry/pull.ts', "\n\nawait fetch('http://example.org')", 3, 'surroundings'],
  ['src/registry/pull.ts', "import { readFile } from 'node:fs/promises'", 1, 'surroundings'],
  ['src/registry/pull.ts', "import { randomUUID } from 'node:crypto'", 1, 'surroundings'],
  ['src/storage/read.ts', "import { readFileSync } from 'node:fs'", 1, 'surroundings'],
  ['src/http/pipeline.ts', 'setImmediate(() => {})', 1, 'surroundings'],
  ['src/cli/serve.ts', 'const home = process.env.HOME', 1, 'environment'],
  ['src/cli/serve.ts', 'const home = Bun.env["HOME"]', 1, 'environment'],
  ['src/registry/pull.ts', "export const answer = () => new Response('')", 1, 'responses'],
  ['src/registry/pull.ts', 'export const answer = () => Response.json({})', 1, 'responses'],
  ['src/registry/pull.ts', "const text = 'select id from blobs'", 1, 'statements'],
  ['src/registry/pull.ts', 'const text = `\n  UPDATE blobs SET size = ${1}`', 1, 'statements'],
  ['src/registry/pull.ts', "const text = 'insert into blobs values (1)'", 1, 'statements'],
  ['src/registry/pull.ts', "const text = 'delete from blobs'", 1, 'statements'],
  ['src/registry/pullImage.ts', '', 1, 'names'],
  ['src/registry/Pull/one.ts', '', 1, 'names'],
  ['src/lib/utils.ts', '', 1, 'names'],
  ['src/lib/stream-helpers.ts', '', 1, 'names'],
  ['src/registry/upload-manager.ts', '', 1, 'names'],
  ['src/common/id.ts', '', 1, 'names'],
  ['src/oci/types.ts', '', 1, 'names'],
  ['src/oci/store.ts', `\ninterface Store {\n${methods(9)}\n  a: () => void\n  b: (c: string) => void\n}`, 2, 'budgets'],
  ['src/oci/store.ts', imports(13), 1, 'budgets'],
]

test.each(planted)('in %s, %j breaks a rule', (path, text, line, rule) => {
  expect(check({ [path]: text })).toEqual([`${path}:${line} ${rule}`])
})

// What comes close to breaking a rule and is right.
const allowed: [path: string, text: string][] = [
  ['src/registry/pull.ts', "import '../storage/index.ts'\nimport './push.ts'\nimport '../lib/index.ts'"],
  ['src/app.ts', "import './http/index.ts'\nimport './registry/index.ts'\nimport { mkdir } from 'node:fs/promises'"],
  ['src/app.ts', imports(13)],
  ['src/transactions.ts', "import './registry/blob-transactions.ts'\nimport './database/index.ts'"],
  ['src/storage/filesystem/store.test.ts', "import '../blob-store.contract.ts'\nimport { test } from 'bun:test'"],
  ['src/registry/pull.test.ts', "import '../database/databases.testing.ts'\nimport '../app.ts'\nimport '../transactions.ts'\nsetTimeout(() => {}, 1)"],
  ['src/http/v2/errors.ts', "new Response('')\nconst { fetch } = app\napp.fetch(request)"],
  ['src/http/listener.ts', 'setTimeout(() => {}, 1)'],
  ['src/storage/filesystem/store.ts', "import { open } from 'node:fs/promises'"],
  ['src/registry/pull.ts', "new Date(0)\nclock.now()\ntype F = typeof fetch\n// Date.now(), 'select a from b'"],
  ['src/registry/pull.ts', "say('update the tag', 'select from the list', 'Delete it')"],
  ['src/registry/blob-store.ts', "const text = 'select id from blobs'"],
  ['src/config/environment.ts', "process.env\nimport { z } from 'zod'"],
  ['src/http/options.ts', "import { z } from 'zod'"],
  ['src/database/migrations/0001-foundation.ts', "const text = 'create table blobs (id)'"],
  ['src/oci/store.ts', imports(13).replaceAll('import ', 'import type { A } from ')],
  ['src/oci/digest.contract.test.ts', ''],
  ['src/oci/store.ts', `interface Store {\n${methods(10)}\n  a: string\n}`],
  ['simulation/crash.ts', "import '../src/app.ts'\nimport '../src/registry/index.ts'\nDate.now()\nprocess.env"],
]

test.each(allowed)('in %s, %j is right', (path, text) => {
  expect(check({ [path]: text })).toEqual([])
})

test('a file that is no TypeScript stops the check', () => {
  expect(() => check({ 'src/lib/broken.ts': 'const = 1' })).toThrow('src/lib/broken.ts')
})
