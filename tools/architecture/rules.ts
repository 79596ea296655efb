import { basename } from 'node:path'
import { mayImport, roomOf } from './rooms.ts'
import type { Found, Import, Source } from './source.ts'

export interface Violation {
  readonly path: string
  readonly line: number
  readonly rule: string
  readonly message: string
}

interface Rule {
  readonly name: string
  readonly check: (source: Source) => Iterable<{ readonly line: number; readonly message: string }>
}

/** Everything that is wrong in these files, in their order. */
export function violations(sources: readonly Source[]): Violation[] {
  return sources.flatMap((source) =>
    rules.flatMap(({ name, check }) => [...check(source)].map((found) => ({ path: source.path, rule: name, ...found }))),
  )
}

const testFile = /\.(test|contract|testing)\.ts$|\/(contract|testing|interleavings)\//

/** Tests, the code that only tests import, and everything beside the product. */
function isTestCode(path: string): boolean {
  return testFile.test(path) || !path.startsWith('src/')
}

const inProduct = (check: Rule['check']): Rule['check'] => (source) => (isTestCode(source.path) ? [] : check(source))

function* arrows({ path, imports }: Source) {
  for (const found of imports) {
    if (!isFile(found) || !found.file.endsWith('.ts')) continue
    const [from, to] = [roomOf(path), roomOf(found.file)]
    if (from === to || isAllowedInTests(path, found.file)) continue
    const allowed = mayImport(from, to)
    if (allowed === true) continue
    const reason = allowed === undefined ? `${from} has no row in tools/architecture/rooms.ts` : `${from} may not import ${to}`
    yield { line: found.line, message: `${reason} (${found.file})` }
  }
}

/** Tests build what they test with the composition roots, wherever they lie, and may use the tools and what other rooms have for tests. */
function isAllowedInTests(from: string, to: string): boolean {
  return isTestCode(from) && (to === 'src/app.ts' || to === 'src/transactions.ts' || roomOf(to) === 'tools' || to.endsWith('.testing.ts'))
}

function* entrances({ path, imports }: Source) {
  for (const found of imports) {
    if (!isFile(found) || !found.file.startsWith('src/') || roomOf(path) === roomOf(found.file)) continue
    if (found.file.split('/').length === 2 || found.file === `src/${roomOf(found.file)}/index.ts`) continue
    if (path === 'src/transactions.ts' && found.file.endsWith('-transactions.ts')) continue
    if (isTestCode(path) && isTestCode(found.file)) continue
    yield { line: found.line, message: `${roomOf(found.file)} is entered through its index.ts, not ${found.file}` }
  }
}

function* testCode({ path, imports }: Source) {
  for (const found of imports) {
    if (!isFile(found) || !testFile.test(found.file)) continue
    yield { line: found.line, message: `${path} is part of the server, ${found.file} is for tests` }
  }
}

/** Where each package lives. `options.ts` of any room describes that room's settings to config/. */
const homes: Readonly<Record<string, RegExp>> = {
  'bun:test': testFile,
  'fast-check': testFile,
  'bun:sqlite': /^(src\/database|bench\/rows)\//,
  'bun:ffi': /^bench\/machine\//,
  pg: /^src\/database\//,
  pino: /^src\/observe\//,
  commander: /^src\/cli\//,
  croner: /^src\/jobs\//,
  yaml: /^src\/config\//,
  zod: /^src\/(config|api)\/|\/(options|routes|([a-z]+-)+(routes|shapes))\.ts$/,
  hono: /^src\/api\//,
  '@hono/zod-openapi': /^src\/api\//,
}

function* packages({ path, imports }: Source) {
  for (const found of imports) {
    if (isFile(found) || found.package.startsWith('node:') || found.package === 'bun') continue
    const home = homes[found.package]
    if (home?.test(path)) continue
    const where = home === undefined ? 'has no home in tools/architecture/rules.ts' : `lives in ${home.source}`
    yield { line: found.line, message: `${found.package} ${where}` }
  }
}

/** What the simulation has to be able to replace. */
const surroundings = new Set(
  [
    'Date.now, new Date(), Date(), performance.now, Bun.nanoseconds',
    'Math.random, crypto.randomUUID, crypto.getRandomValues',
    'node:crypto.randomUUID, node:crypto.randomBytes, node:crypto.randomInt',
    'setTimeout(), setInterval(), setImmediate(), Bun.sleep, AbortSignal.timeout',
    'fetch(), Bun.file, Bun.write',
  ].flatMap((line) => line.split(', ')),
)
const surroundingModules = new Set(['fs', 'fs/promises', 'timers', 'timers/promises'].flatMap((name) => [name, `node:${name}`]))
const mayTouchSurroundings =
  /^src\/((lib|outbound|config|database|cli|storage\/[^/]+)\/|http\/listener|(app|main|serving|worker|writer)\.ts$)/

function* surroundingsStayOutside({ path, imports, uses }: Source) {
  if (mayTouchSurroundings.test(path)) return
  for (const { text, line } of uses) {
    if (surroundings.has(text)) yield { line, message: `${text} comes from outside: take it as a dependency` }
  }
  for (const found of imports) {
    if (isFile(found) || !surroundingModules.has(found.package)) continue
    yield { line: found.line, message: `${found.package} comes from outside: take it as a dependency` }
  }
}

/** A rule that something is used in some places only. */
function only(name: string, what: RegExp, where: RegExp, message: string, list: (source: Source) => readonly Found[]): Rule {
  return {
    name,
    check: inProduct((source) =>
      where.test(source.path) ? [] : list(source).flatMap(({ text, line }) => (what.test(text) ? [{ line, message }] : [])),
    ),
  }
}

const statement =
  /^\s*(select\s[^]*\sfrom\s|insert\s+(or\s+\w+\s+)?into\s|update\s+\S+\s+set\s|delete\s+from\s|(create|alter|drop)\s+(unique\s+)?(table|index)\s|with\s+\w+\s+as\s*\(|pragma\s)/i

const vagueNames = new Set(['util', 'utils', 'common', 'helper', 'helpers', 'misc', 'manager', 'base'])

function* names({ path }: Source) {
  const parts = path.replace(/\.ts$/, '').replace(/(\.(contract|testing))?(\.test)?$/, '').split('/')
  for (const part of parts) {
    if (!/^[a-z0-9]+(-[a-z0-9]+)*$/.test(part)) yield { line: 1, message: `${part} is not kebab-case` }
    if (part.split('-').some((word) => vagueNames.has(word))) yield { line: 1, message: `${part} does not say what it holds` }
  }
  if (basename(path) === 'types.ts') yield { line: 1, message: 'types.ts does not say what it holds' }
}

function* budgets({ path, imports, interfaces }: Source) {
  const roots = ['src/app.ts', 'src/transactions.ts', 'src/management.ts']
  // What it only names the types of is vocabulary, not a part it is made of.
  const parts = imports.filter(({ typesOnly }) => !typesOnly).map((found) => (isFile(found) ? found.file : found.package))
  const sources = new Set(parts)
  // The door of a folder is made of what is in it.
  if (sources.size > 12 && !roots.includes(path) && !path.endsWith('/index.ts') && !isTestCode(path)) {
    yield { line: 1, message: `imports from ${sources.size} places; 12 are enough` }
  }
  for (const { text, line, methods } of interfaces) {
    if (methods > 10) yield { line, message: `interface ${text} has ${methods} methods; 10 are enough` }
  }
}

const rules: readonly Rule[] = [
  { name: 'arrows', check: arrows },
  { name: 'entrances', check: entrances },
  { name: 'test-code', check: inProduct(testCode) },
  { name: 'packages', check: inProduct(packages) },
  { name: 'surroundings', check: inProduct(surroundingsStayOutside) },
  only('environment', /^((process|Bun)\.env|node:process\..*)$/, /^src\/config\//, 'only config/ reads the environment', ({ uses }) => uses),
  only('responses', /^new Response$|^Response\.json$/, /^src\/(http|api)\//, 'only http/ and api/ make responses', ({ uses }) => uses),
  only('statements', statement, /^src\/database\/|-(store|transactions)\.ts$/, 'SQL has no place here', ({ strings }) => strings),
  { name: 'names', check: names },
  { name: 'budgets', check: budgets },
]

function isFile(found: Import): found is Extract<Import, { file: string }> {
  return 'file' in found
}
