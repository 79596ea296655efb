import { DatabaseError, type Database } from '../../src/database/index.ts'
import { systemError } from '../../src/storage/filesystem/faulty-file-system.testing.ts'
import type { FileSystem, OpenFile } from '../../src/storage/index.ts'

/**
 * `EIO`, `ENOSPC`: the call fails and does nothing. `lost`: it does its work, and only its answer is lost. `crash`: the
 * process is gone before the call, `late crash` after it; no later call does anything.
 */
export const faultKinds = ['EIO', 'ENOSPC', 'lost', 'crash', 'late crash'] as const
export type FaultKind = (typeof faultKinds)[number]

/** Where a fault struck. */
export interface Struck {
  readonly kind: FaultKind
  readonly on: 'database' | 'storage'
  /** Name of the transaction, or of the system call. */
  readonly call: string
}

type Where = Pick<Struck, 'on' | 'call'>
type Named = 'mkdir' | 'rename' | 'unlink' | 'stat' | 'copy' | 'syncDirectory'
type AnyCall = (...parameters: never[]) => Promise<never>

/** Counts the calls that a core makes of its database and its files, and lets one of them fail. */
export class Injector {
  readonly #open = new Set<OpenFile>()
  #armed: { readonly at: number; readonly kind: FaultKind } | undefined
  #count = 0
  #struck: Struck | undefined

  /** From now on calls are counted from 1, and number `at` fails. */
  arm(at: number, kind: FaultKind): void {
    this.#armed = { at, kind }
    this.#count = 0
    this.#struck = undefined
  }

  /** Nothing fails any more. Closes what a dead process left open. Answers what struck, if anything did. */
  async disarm(): Promise<Struck | undefined> {
    this.#armed = undefined
    if (this.#struck?.kind.endsWith('crash') !== true) return this.#struck
    for (const file of this.#open) await file.close()
    this.#open.clear()
    return this.#struck
  }

  database(inner: Database): Database {
    const on = 'database'
    return {
      ...inner,
      transact: (transaction, input, operationId) =>
        this.#call({ on, call: transaction.name }, () => inner.transact(transaction, input, operationId)),
      one: (statement, ...values) => this.#call({ on, call: 'one' }, () => inner.one(statement, ...values)),
      all: (statement, ...values) => this.#call({ on, call: 'all' }, () => inner.all(statement, ...values)),
    }
  }

  fileSystem(inner: FileSystem): FileSystem {
    const on = 'storage'
    const named = <Name extends Named>(call: Name): FileSystem[Name] => {
      const work = inner[call] as AnyCall
      return ((...parameters: never[]) => this.#call({ on, call }, () => work(...parameters))) as FileSystem[Name]
    }
    const close = (file: OpenFile): Promise<void> => file.close()
    return {
      ...inner,
      mkdir: named('mkdir'),
      rename: named('rename'),
      unlink: named('unlink'),
      stat: named('stat'),
      copy: named('copy'),
      syncDirectory: named('syncDirectory'),
      open: async (path, mode) => this.#watched(await this.#call({ on, call: 'open' }, () => inner.open(path, mode), close)),
    }
  }

  #watched(file: OpenFile): OpenFile {
    this.#open.add(file)
    const on = 'storage'
    const close = async (): Promise<void> => {
      this.#open.delete(file)
      await file.close()
    }
    return {
      write: (bytes, offset) => this.#call({ on, call: 'write' }, () => file.write(bytes, offset)),
      read: (into, offset) => this.#call({ on, call: 'read' }, () => file.read(into, offset)),
      size: () => this.#call({ on, call: 'size' }, () => file.size()),
      truncate: (size) => this.#call({ on, call: 'truncate' }, () => file.truncate(size)),
      sync: () => this.#call({ on, call: 'sync' }, () => file.sync()),
      close: () => this.#call({ on, call: 'close' }, close),
    }
  }

  /** `undo`: what becomes of a result whose answer is lost. */
  async #call<T>(where: Where, work: () => Promise<T>, undo?: (result: T) => Promise<void>): Promise<T> {
    if (this.#armed === undefined) return await work()
    const { at, kind } = this.#armed
    const dead = this.#struck !== undefined && kind.endsWith('crash')
    if (!dead && ++this.#count !== at) return await work()
    if (dead) throw errorOf(kind, where)
    this.#struck = { kind, ...where }
    // A descriptor that was never returned must not stay behind, and it is gone even when close reports a failure.
    if (kind === 'lost' || kind === 'late crash' || where.call === 'close') {
      const result = await work()
      await undo?.(result)
    }
    throw errorOf(kind, where)
  }
}

function errorOf(kind: FaultKind, { on, call }: Where): Error {
  if (on === 'storage') return systemError(kind === 'ENOSPC' ? 'ENOSPC' : 'EIO', call)
  if (kind === 'ENOSPC') return new DatabaseError('full', `made up: no room for "${call}"`)
  if (kind === 'EIO') return new DatabaseError('failed', `made up: "${call}" failed`)
  return new DatabaseError('unavailable', `made up: no answer to "${call}"`)
}
