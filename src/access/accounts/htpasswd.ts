import type { Database } from '../../database/index.ts'
import type { EventActor } from '../../record/index.ts'
import { parseName } from '../name.ts'
import { granted } from '../refusal.ts'
import { createAccount } from './account-transactions.ts'

/** What became of a file that `htpasswd` wrote. */
export interface HtpasswdImport {
  readonly imported: string[]
  readonly skipped: SkippedLine[]
}

export interface SkippedLine {
  /** Counted from 1. */
  readonly line: number
  /**
   * `name`    no account can have such a name
   * `hash`    not bcrypt: the password has to be set anew
   * `cost`    bcrypt that takes too long to check
   * `exists`  there is such an account already
   */
  readonly reason: 'name' | 'hash' | 'cost' | 'exists'
}

/** Characters that are read at once: some hundred lines. */
export const largestHtpasswd = 15 * 1024

/** Runs one change for whoever is let in to make it by then. */
export type DecideStep = <T>(step: (by: EventActor) => Promise<T>) => Promise<T>

const bcrypt = /^\$2[aby]\$(\d{2})\$[./A-Za-z0-9]{53}$/
/** Each further one doubles the time: with 14 a login takes about a second. */
const highestCost = 14

/**
 * Makes an account of every line, which can log in with the password it had; its hash is made anew then. Accounts that are there stay
 * as they are, so the same file may be read again. Nobody gets any right by it. What `decideStep` refuses ends it between two accounts.
 */
export async function importHtpasswd(database: Database, decideStep: DecideStep, text: string): Promise<HtpasswdImport> {
  if (text.length > largestHtpasswd) throw new RangeError(`a file of more than ${largestHtpasswd} characters`)
  const imported: string[] = []
  const skipped: SkippedLine[] = []
  for (const [at, content] of text.replace(/^\ufeff/, '').split('\n').entries()) {
    // ASCII alone: `trim` would take away what nobody sees, and make another name of it.
    const entry = content.replace(/[ \t\r]+$/, '')
    if (entry === '' || entry.startsWith('#')) continue
    const read = readLine(entry)
    const reason = typeof read === 'string' ? read : await decideStep((actor) => add(database, actor, read))
    if (reason === undefined && typeof read !== 'string') imported.push(read.name)
    else if (reason !== undefined) skipped.push({ line: at + 1, reason })
  }
  return { imported, skipped }
}

interface Entry {
  readonly name: string
  readonly hash: string
}

function readLine(entry: string): Entry | SkippedLine['reason'] {
  const colon = entry.indexOf(':')
  const name = parseName(entry.slice(0, Math.max(colon, 0)))
  if (name === undefined) return 'name'
  const hash = entry.slice(colon + 1)
  const [, cost] = bcrypt.exec(hash) ?? []
  if (cost === undefined) return 'hash'
  return Number(cost) > highestCost ? 'cost' : { name, hash }
}

async function add(database: Database, actor: EventActor, { name, hash }: Entry): Promise<'exists' | undefined> {
  const input = { name, email: undefined, displayName: undefined, passwordHash: hash, mustChange: false, actor }
  const outcome = await database.transact(createAccount, input)
  if ('refused' in outcome && outcome.refused === 'EXISTS') return 'exists'
  granted(outcome)
  return undefined
}
