// Holds the code to ARCHITECTURE.md: rooms and arrows, one home for each package, names and budgets. Lint does the rest.
import { join } from 'node:path'
import { checkArchitecture } from './architecture/check.ts'

const found = checkArchitecture(join(import.meta.dir, '..'))
for (const { path, line, rule, message } of found) console.log(`${path}:${line}: ${message} [${rule}]`)
process.exitCode = found.length > 0 ? 1 : 0
