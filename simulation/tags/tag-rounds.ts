import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient, Lost, Violation, type Client } from '../rig/client.ts'
import { createRandom } from '../rig/random.ts'
import { recordedRounds } from '../rig/recorded-rounds.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { judgeTag } from './linearizable.ts'
import { ask, askSomething, race, type TagRecord } from './tag-load.ts'

export interface TagRun {
  readonly seed: number
  /** At least so many in all. */
  readonly operations: number
  /** Between two kills. */
  readonly perKill: number
  /** Races before each kill; 12 unless told. */
  readonly races?: number
  /** URL of a PostgreSQL server to make a database on; absent for SQLite. */
  readonly postgres?: string | undefined
  /** Another program than this checkout's. */
  readonly launcher?: string
  /** How many threads answer requests; 1 unless told. */
  readonly workers?: number
}

export interface TagFigures {
  readonly operations: number
  readonly kills: number
  /** Without an answer. */
  readonly lost: number
  /** Races of all clients for one tag; in each of them one won. */
  readonly races: number
  /** How often each answer came, such as `put refused`. */
  readonly answers: Readonly<Record<string, number>>
}

const clients = 16
const tagCount = 8
const racesPerKill = 12

/** Clients change a few tags of a real server that is killed again and again. Fails with the first thing that no order explains. */
export async function tagRound(run: TagRun): Promise<TagFigures> {
  const data = await mkdtemp(join(tmpdir(), 'berth-tags-'))
  const database = run.postgres === undefined ? testedSqlite : await createTestedPostgres(run.postgres)
  const rig = new TagRig(run, data, database)
  try {
    return await rig.run()
  } catch (error) {
    throw new Error(`seed ${run.seed}, kill ${rig.kills + 1}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
  } finally {
    await rig.end()
    await database.dispose()
    await rm(data, { recursive: true })
  }
}

class TagRig {
  kills = 0
  readonly #run: TagRun
  readonly #data: string
  readonly #database: TestedDatabase
  readonly #tags: readonly TagRecord[] = recordsOf('tag', tagCount)
  readonly #raced: readonly TagRecord[] = recordsOf('raced', 1)
  readonly #answers: Record<string, number> = {}
  #operations = 0
  #lost = 0
  #races = 0
  #server: ServerProcess | undefined

  constructor(run: TagRun, data: string, database: TestedDatabase) {
    this.#run = run
    this.#data = data
    this.#database = database
  }

  async run(): Promise<TagFigures> {
    while (this.#operations < this.#run.operations) {
      const client = await this.#start()
      await this.#race(client)
      await this.#workUntilKilled(client)
    }
    await this.#start()
    await this.#server?.stop()
    return { operations: this.#operations, kills: this.kills, lost: this.#lost, races: this.#races, answers: this.#answers }
  }

  async end(): Promise<void> {
    if (this.#server?.running === true) await this.#server.kill()
  }

  /** Nothing is under way now: what each tag is closes its history, and begins the next one. */
  async #start(): Promise<Client> {
    const { launcher } = this.#run
    const program = launcher === undefined ? {} : { launcher }
    const settings = { ...this.#database.settings, BERTH_WORKERS: String(this.#run.workers ?? 1) }
    this.#server = await startServer({ data: this.#data, settings, ...program })
    const client = createClient(this.#server.url)
    for (const record of [...this.#tags, ...this.#raced]) {
      const answer = await ask(client, record, { kind: 'get' }, undefined)
      this.#judge(record)
      record.initial = typeof answer === 'object' ? answer.value : undefined
    }
    return client
  }

  #judge(record: TagRecord): void {
    const problem = judgeTag(record.initial, record.operations)
    if (problem !== undefined) throw new Violation(`the tag ${record.name}, at first ${record.initial ?? 'absent'}: ${problem}`)
    for (const { call, answer } of record.operations) {
      const name = `${call.kind} ${typeof answer === 'object' ? 'done' : (answer ?? 'lost')}`
      this.#answers[name] = (this.#answers[name] ?? 0) + 1
      if (answer === undefined) this.#lost++
    }
    this.#operations += record.operations.length
    record.operations.length = 0
  }

  async #race(client: Client): Promise<void> {
    for (let n = 0; n < (this.#run.races ?? racesPerKill); n++) {
      for (const record of this.#raced) {
        // Every third time there is nothing yet.
        if (n % 3 === 0) await ask(client, record, { kind: 'delete' }, undefined)
        const winners = await race(client, record, clients, `${this.#run.seed}/${this.kills}/race ${n}`)
        if (winners !== 1) throw new Violation(`${winners} of ${clients} won the race for ${record.name}`)
        this.#races++
      }
    }
  }

  async #workUntilKilled(client: Client): Promise<void> {
    const due = Promise.withResolvers<void>()
    let asked = 0
    const work = Array.from({ length: clients }, async (_, number) => {
      const random = createRandom('tags', this.#run.seed, this.kills, number)
      const seen = new Map<string, string>()
      for (let n = 0; ; n++) {
        if (++asked === this.#run.perKill) due.resolve()
        await askSomething(client, random.pick(this.#tags), random, `${this.#run.seed}/${this.kills}/${number}/${n}`, seen)
      }
    })
    const results = Promise.allSettled(work)
    // A failing client ends the round at once.
    await Promise.race([due.promise, ...work])
    const killing = performance.now()
    await this.#server?.kill()
    await this.#database.settled()
    const dead = performance.now()
    for (const { reason } of (await results) as PromiseRejectedResult[]) {
      if (!(reason instanceof Lost) || reason.at < killing) throw reason
    }
    for (const { operations } of this.#tags) {
      for (const [index, operation] of operations.entries()) {
        if (operation.answer === undefined) operations[index] = { ...operation, end: dead }
      }
    }
    this.kills++
  }
}

function recordsOf(name: string, count: number): TagRecord[] {
  return Array.from({ length: count }, (_, number) => ({ name: `${name}-${number}`, initial: undefined, operations: [] }))
}

interface Round extends TagFigures {
  readonly rig: 'tags'
  readonly database: 'sqlite' | 'postgres'
  readonly seed: number
}

export interface TagSoak {
  readonly operations: number
  readonly seed: number
  readonly postgres: string | undefined
  readonly record: string | undefined
}

const operationsOfARound = 20_000

/** The long form: rounds of consecutive seeds until so many operations were explained. Fails with the first that is not. */
export async function soakTags({ operations, seed: first, postgres, record }: TagSoak) {
  const database = postgres === undefined ? 'sqlite' : 'postgres'
  const rounds = recordedRounds<Round>(record, 'tags')
  const of = (): readonly Round[] => rounds.all().filter((round) => round.database === database)
  const sum = (name: 'operations' | 'kills' | 'lost' | 'races'): number => of().reduce((total, round) => total + round[name], 0)
  for (let seed = first; sum('operations') < operations; seed++) {
    if (of().some((round) => round.seed === seed)) continue
    const figures = await tagRound({ seed, operations: operationsOfARound, perKill: 1_500, postgres })
    rounds.add({ rig: 'tags', database, seed, ...figures })
  }
  return { sum: { operations: sum('operations'), kills: sum('kills'), lost: sum('lost'), races: sum('races') }, misses: [] }
}
