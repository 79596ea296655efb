// Writes docs/openapi.json and the table of the client from the routes. A test fails while they are not what this writes.
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeRoutes } from '../src/api/index.ts'
import { managementRoutes, type ManagementDeps } from '../src/management.ts'
import { type ApiDocument, writeOperations } from './client-operations.ts'

/** The files, by their paths in the repository. */
export function writeApiFiles(): ReadonlyMap<string, string> {
  // The routes are only looked at: no handler runs, so nothing of what they work with is needed.
  const document = describeRoutes(managementRoutes({} as ManagementDeps))
  return new Map([
    ['docs/openapi.json', `${JSON.stringify(document, undefined, 2)}\n`],
    ['src/client/operations.ts', writeOperations(document as ApiDocument)],
  ])
}

if (import.meta.main) {
  for (const [path, text] of writeApiFiles()) writeFileSync(join(import.meta.dir, '..', path), text)
}
