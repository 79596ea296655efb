import { DatabaseError, type Database, type Outcome, type Statement, type Transaction } from '../../src/database/index.ts'
import type { Ids } from '../../src/lib/index.ts'
import type { Faults } from './faults.ts'
import type { Happening, Happenings, Keys } from './happening.ts'
import type { Observer } from './observer.ts'
import type { Life, Scheduler } from './scheduler.ts'

export interface DatabaseSeam {
  readonly scheduler: Scheduler
  readonly life: Life
  readonly faults: Faults
  readonly happenings: Happenings
  readonly observer: Observer
  readonly ids: Ids
  /** Other processes write to the same database: then only the database can tell whether something changed. */
  readonly shared: boolean
}

/**
 * The database as one process sees it: a call waits for its turn on the way there, and a transaction on the way back too, so
 * that a crash can come between COMMIT and its reply. Either way may be lost.
 */
export function createDatabaseSeam(inner: Database, seam: DatabaseSeam): Database {
  const { scheduler, life, faults } = seam
  const read = async (statement: Statement<unknown>): Promise<void> => {
    await scheduler.turn(life, `reads ${tableOf(statement)}`)
    if (faults.strikes('databaseAway')) throw new DatabaseError('unavailable', 'the simulated database is away')
  }
  return {
    dialect: inner.dialect,
    installation: inner.installation,
    secret: inner.secret,
    version: seam.shared ? undefined : inner.version,
    shared: seam.shared || inner.shared,
    transact: createTransact(inner, seam),
    one: async (statement, ...values) => {
      await read(statement)
      return await inner.one(statement, ...values)
    },
    all: async (statement, ...values) => {
      await read(statement)
      return await inner.all(statement, ...values)
    },
    snapshot: (work) => inner.snapshot(work),
    now: () => inner.now(),
    close: () => inner.close(),
  }
}

function createTransact(inner: Database, seam: DatabaseSeam): Database['transact'] {
  const { scheduler, life, faults, happenings } = seam
  const turn = (name: string): Promise<void> => scheduler.turn(life, name)

  return async <Input, Result>(transaction: Transaction<Input, Result>, input: Input): Promise<Outcome<Result>> => {
    const { name } = transaction
    await turn(`begins ${name}`)
    if (faults.full) throw new DatabaseError('full', 'the simulated disk is full')
    if (faults.strikes('databaseAway')) throw new DatabaseError('unavailable', 'the simulated database is away')
    const tell = (happening: Distributed<Happening>): void =>
      happenings.tell({ ...happening, step: scheduler.steps, process: life.name } as Happening)
    const keys = keysOf(seam.observer, name, input)
    const runs = async (operationId?: string) => {
      const outcome = await inner.transact(transaction, input, operationId)
      const [was, result] = 'ok' in outcome ? (['ok', outcome.ok] as const) : (['refused', outcome.refused] as const)
      scheduler.note(`${name}: ${was} ${JSON.stringify(result)}`)
      return { outcome, was, result }
    }
    const operation = faults.strikes('lostCommitReply') ? seam.ids.uuid() : undefined
    const first = await runs(operation)
    tell({ kind: 'transaction', name, keys, outcome: first.was, result: first.result })
    await turn(`hears of ${name}`)
    const { outcome } = operation === undefined ? first : await runs(operation)
    if (operation !== undefined) await turn(`hears of ${name} again`)
    tell({ kind: 'replied', name, keys })
    if (faults.strikes('unknownOutcome')) throw new DatabaseError('unavailable', 'the simulated connection broke after COMMIT')
    return outcome
  }
}

type Distributed<T> = T extends unknown ? Omit<T, 'step' | 'process'> : never

/** Statements have no names for people: what they read from tells them apart well enough. */
function tableOf({ sqlite }: Statement<unknown>): string {
  return /\bfrom\s+(\w+)/.exec(sqlite)?.[1] ?? 'something'
}

interface AnyInput {
  readonly id?: string | number
  readonly name?: string
  readonly tag?: { readonly name: string }
  readonly run?: { readonly job: number; readonly claim: string }
  readonly step?: number
  readonly repository?: string
  readonly from?: unknown
  readonly digest?: string
  readonly contentSha256?: string
  readonly objectId?: string
  readonly bytes?: { readonly objectId?: string }
  readonly blobId?: number
  readonly repositoryId?: number
  readonly tags?: readonly { readonly name: string }[]
}

/** Collector's steps name rows, pushers names; here both are names. */
function keysOf(observer: Observer, name: string, anyInput: unknown): Keys {
  const input = anyInput as AnyInput
  const repository = input.repository ?? (input.repositoryId === undefined ? undefined : observer.repository(input.repositoryId))
  const digest = input.digest ?? input.contentSha256 ?? (input.blobId === undefined ? undefined : observer.digest(input.blobId))
  return {
    repository,
    digest,
    from: typeof input.from === 'string' ? input.from : undefined,
    upload: typeof input.id === 'string' && (name.includes('upload') || name === 'commit blob') ? input.id : undefined,
    trash: typeof input.id === 'number' && name.endsWith(' trash') ? input.id : undefined,
    object: input.objectId ?? input.bytes?.objectId,
    job: input.run?.job ?? (typeof input.id === 'number' && name.endsWith(' job') ? input.id : undefined),
    claim: input.run?.claim,
    part: input.step,
    tags: name === 'delete tag' ? [input.name ?? ''] : [...(input.tags ?? []), ...(input.tag === undefined ? [] : [input.tag])].map((tag) => tag.name),
  }
}
