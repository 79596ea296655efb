import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { dirname, join, relative } from 'node:path'
import { transactions } from './transactions.ts'

/**
 * Whoever decides from memory forgets what it knows when the version of rights moves, and never otherwise. So every transaction that
 * writes what a decision depends on has to move it, or is listed here with why it need not. Read from the sources, so that a new one
 * cannot be forgotten.
 */

/** What somebody is, has, or is limited by, and what a name leads to. */
const deciding = [
  'access_grant',
  'account',
  'account_group',
  'address_rule',
  'group_member',
  'namespace',
  'namespace_alias',
  'robot',
  'robot_permission',
  'robot_secret',
  'role',
  'tag_rule',
  'token',
  // A table that is put into the text elsewhere.
  '$',
]

const newId = 'what it adds has an id that nothing is remembered of, and nobody is remembered as absent'
const reasons: Readonly<Record<string, string>> = {
  'create account': newId,
  'create group': newId,
  'create token': newId,
  'create refresh token': 'a refresh token is looked up each time',
  'rehash password': 'the same password, under another hash',
  'record use': 'changes times that are shown',
}

/** Those that nobody asked for by name: nothing was decided about who may. */
const unasked = ['create first admin', 'admit identity', 'create refresh token', 'rehash password', 'record use']

const root = import.meta.dir
const sources = new Map<string, ReadonlyMap<string, string>>()

/** The declarations of a file that begin a line, by name, each with its text; what it imports of other files stands for what is there. */
function declarationsOf(file: string): ReadonlyMap<string, string> {
  const known = sources.get(file)
  if (known !== undefined) return known
  const found = new Map<string, string>()
  sources.set(file, found)
  for (const part of readFileSync(file, 'utf8').split(/^(?=(?:export )?(?:const|async function|function) )/m).slice(1)) {
    const name = /^(?:export )?(?:const|async function|function) (\w+)/.exec(part)?.[1]
    if (name !== undefined) found.set(name, part)
  }
  return found
}

function importsOf(file: string): ReadonlyMap<string, string> {
  const found = new Map<string, string>()
  for (const [, names = '', from = ''] of readFileSync(file, 'utf8').matchAll(/^import \{([^}]*)\} from '(\.[^']*)'/gm)) {
    for (const name of names.split(',')) found.set(name.trim(), join(dirname(file), from))
  }
  return found
}

interface Reach {
  readonly tables: Set<string>
  bumps: boolean
  /** Refuses when rights have moved since it was decided who may. */
  looksAgain: boolean
  readonly seen: Set<string>
}

/** Everything that a declaration names, and what that names, and so on. */
function follow(file: string, name: string, reach: Reach): Reach {
  const key = `${file} ${name}`
  const text = declarationsOf(file).get(name)
  if (text === undefined || reach.seen.has(key)) return reach
  reach.seen.add(key)
  for (const [, table = ''] of text.matchAll(/\b(?:insert into|update|delete from)\s+(\$|[a-z_]+)/g)) reach.tables.add(table)
  const imports = importsOf(file)
  for (const word of new Set(text.match(/\w+/g))) {
    if (word === 'bumpDecided' || word === 'holdDecided') reach.looksAgain = true
    if (word === 'bumpRights' || word === 'bumpDecided') reach.bumps = true
    else if (declarationsOf(file).has(word)) follow(file, word, reach)
    else if (imports.has(word)) follow(imports.get(word) ?? '', word, reach)
  }
  return reach
}

const files = [...new Bun.Glob('**/*-transactions.ts').scanSync(root)].map((path) => join(root, path))
const written = files.flatMap((file) =>
  [...declarationsOf(file)].flatMap(([name, text]) => {
    const title = /= transaction\(\s*'([^']+)'/.exec(text)?.[1]
    return title === undefined ? [] : [{ title, file: relative(root, file), reach: follow(file, name, { tables: new Set(), bumps: false, looksAgain: false, seen: new Set() }) }]
  }),
)

describe('the version of rights', () => {
  test('is looked for in every transaction there is', () => {
    expect(written.map(({ title }) => title).sort()).toEqual([...transactions.keys()].sort())
  })

  test.each(written.map((each) => [each.title, each] as const))('is moved by "%s", if anything depends on what it writes', (title, { file, reach }) => {
    const decides = deciding.filter((table) => reach.tables.has(table))
    const reason = Object.hasOwn(reasons, title) ? reasons[title] : undefined
    // A reason that is not needed any more would hide the next mistake.
    expect({ title, file, moves: reach.bumps || reason !== undefined || decides.length === 0 }).toEqual({ title, file, moves: true })
    if (reason !== undefined) expect({ title, needless: reach.bumps || decides.length === 0 }).toEqual({ title, needless: false })
  })

  // A push brings evidence of its own; what is in the trash is decided about with it.
  const managed = written.filter(({ file }) => /^(access|projects)\//.test(file))

  test.each(managed.map((each) => [each.title, each] as const))('is compared by "%s" with the one it was decided under', (title, { reach }) => {
    const decides = deciding.some((table) => reach.tables.has(table))
    expect({ title, looksAgain: reach.looksAgain }).toEqual({ title, looksAgain: decides && !unasked.includes(title) })
  })
})
