import { cpSync, existsSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { pushRecorded, refusalOf, wholeTags, type Installation } from './installation.ts'
import { berth, type Command, type Ended } from './strike.ts'

/** A command with places of its own to work on. */
export interface Attempt {
  readonly command: Command
  /** Looks at what a blow left. Answers what it is, for the figures; fails when that must not be. */
  judge(ended: Ended): Promise<string>
  /** The same when the command was run once more, undisturbed. */
  judgeAgain(ended: Ended, left: string): Promise<void>
  dispose(): Promise<void>
}

export interface Scene {
  readonly cases: Readonly<Record<'restore' | 'rebuild-index' | 'backup', () => Promise<Attempt>>>
  dispose(): Promise<void>
}

const both: readonly string[] = ['older', 'newer']

/** An installation with two images, a backup of both and one of the older alone. */
export async function setScene(folder: string, postgres: string | undefined): Promise<Scene> {
  const newDatabase = async (): Promise<TestedDatabase> => (postgres === undefined ? testedSqlite : await createTestedPostgres(postgres))
  const database = await newDatabase()
  const original: Installation = { data: join(folder, 'original'), settings: database.settings }
  const [before, whole] = [join(folder, 'before'), join(folder, 'whole')]
  let number = 0
  const place = (name: string): string => join(folder, `${name}-${++number}`)
  for (const [tag, backup] of [['older', before], ['newer', whole]] as const) {
    await pushRecorded(original, tag)
    expectDone(await berth({ words: ['backup', '--data', original.data, '--to', backup], settings: original.settings }))
  }
  return {
    cases: {
      restore: async () => restoring(place('copy'), await newDatabase(), whole),
      'rebuild-index': async () => rebuilding(original.data, place('lost'), await newDatabase()),
      backup: () => Promise.resolve(backingUp(original, { before, to: place('backup'), check: place('check') })),
    },
    dispose: () => database.dispose(),
  }
}

/** The target is untouched, or whole, or no server starts on it, which says what to type. */
function restoring(data: string, database: TestedDatabase, backup: string): Attempt {
  const target: Installation = { data, settings: database.settings }
  return {
    command: { words: ['restore', '--from', backup, '--data', data], settings: target.settings },
    judge: async (ended) => {
      expectSaid(ended)
      if (!existsSync(data) || readdirSync(data).every((name) => /^(berth\.lock|restoring\.new)/.test(name))) return 'untouched'
      const refusal = await refusalOf(target)
      if (refusal === undefined) return await expectWhole(target, 'whole')
      if (ended.code === 0) throw new Error(`it ended with 0, and no server starts: ${refusal}`)
      expectText(refusal, 'has not come to its end', `berth restore --from FOLDER --data ${data}`)
      return 'refused'
    },
    judgeAgain: async (ended, left) => {
      if (left === 'whole') expectText(ended.err, 'is not empty')
      else expectDone(ended)
      await expectWhole(target, 'whole')
    },
    dispose: () => database.dispose(),
  }
}

/** There is the new database, or none, and then the start says what to type. */
function rebuilding(original: string, data: string, database: TestedDatabase): Attempt {
  const lost: Installation = { data, settings: database.settings }
  cpSync(original, data, { recursive: true, filter: (path) => !/\/berth\.(db|lock)/.test(path) })
  return {
    command: { words: ['rebuild-index', '--data', data], settings: lost.settings },
    judge: async (ended) => {
      expectSaid(ended)
      const refusal = await refusalOf(lost)
      if (refusal === undefined) return await expectWhole(lost, 'whole')
      if (ended.code === 0) throw new Error(`it ended with 0, and no server starts: ${refusal}`)
      expectText(refusal, `berth rebuild-index --data ${data}`)
      return 'refused'
    },
    judgeAgain: async (ended, left) => {
      if (left === 'whole') expectText(ended.err, 'there is a database already')
      else expectDone(ended)
      await expectWhole(lost, 'whole')
    },
    dispose: () => database.dispose(),
  }
}

/** The folder holds the backup before, or the new one; the next one is whole. */
function backingUp(original: Installation, { before, to, check }: { before: string; to: string; check: string }): Attempt {
  let restored = 0
  const tagsIn = async (): Promise<readonly string[]> => {
    const copy = { data: `${check}-${++restored}`, settings: {} }
    expectDone(await berth({ words: ['restore', '--from', to, '--data', copy.data], settings: {} }))
    return await wholeTags(copy, both)
  }
  cpSync(before, to, { recursive: true })
  return {
    command: { words: ['backup', '--data', original.data, '--to', to], settings: original.settings },
    judge: async (ended) => {
      expectSaid(ended)
      const tags = await tagsIn()
      if (!tags.includes('older')) throw new Error('the folder held a whole backup, and what it has now lacks what was in it')
      if (ended.code === 0 && tags.length < both.length) throw new Error('it ended with 0, and the new image is not in the backup')
      return tags.length === both.length ? 'new' : 'old'
    },
    judgeAgain: async (ended) => {
      expectDone(ended)
      if ((await tagsIn()).length < both.length) throw new Error('a new backup does not hold everything')
    },
    dispose: () => Promise.resolve(),
  }
}

async function expectWhole(installation: Installation, state: string): Promise<string> {
  const tags = await wholeTags(installation, both)
  if (tags.length < both.length) throw new Error(`the server starts with ${tags.join(', ') || 'nothing'} of ${both.join(', ')}`)
  return state
}

function expectDone({ code, err }: Ended): void {
  if (code !== 0) throw new Error(`it ended with ${code}: ${err}`)
}

/** A killed command says nothing, and one that failed why. */
function expectSaid({ code, out, err }: Ended): void {
  if (code === null || code === 0) return
  if (code !== 1 || !/^berth: [^\n]+\n$/.test(err) || /cannot start/.test(err)) throw new Error(`it ended with ${code} and said ${out}${err}`)
}

function expectText(said: string, ...texts: readonly string[]): void {
  for (const text of texts) if (!said.includes(text)) throw new Error(`it does not say "${text}": ${said}`)
}
