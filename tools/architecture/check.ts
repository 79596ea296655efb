import { Glob } from 'bun'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Violation, violations } from './rules.ts'
import { readSource } from './source.ts'

/** Checks every TypeScript file of a checkout. */
export function checkArchitecture(root: string): Violation[] {
  const glob = new Glob('{src,conformance,simulation,bench,tools}/**/*.ts')
  const paths = [...glob.scanSync({ cwd: root })].sort()
  return violations(paths.map((path) => readSource(path, readFileSync(join(root, path), 'utf8'))))
}
