import type { DatabaseReader } from '../../src/database/index.ts'
import type { Client } from '../rig/client.ts'
import type { Load } from './load.ts'

/** What a server is at that crashes again and again, beside its hot tags, and what has to be there afterwards. */
export interface Work {
  /** For the server, beside those of its database. */
  readonly settings: Readonly<Record<string, string>>
  /** Whether a manifest stays that no tag names any more. */
  readonly keepsUntagged: boolean
  /** Makes a client one of somebody who may do all that is asked for. */
  readonly as: (client: Client) => Client
  /** Of each hot tag. */
  readonly writersOfATag: number
  /** Between so many ms after the load began comes the kill; absent: what the database says. */
  readonly killAfter?: readonly [number, number]
  /** Before the first crash, when base layers and hot tags are there. */
  setUp?(load: Load): Promise<void>
  /** One of several writers: goes on until it is over, or an answer is lost. */
  write(load: Load, writer: WriterName): Promise<void>
  /** After a restart: what was promised lately, or everything, beside what is in the ledger. Fails with Violation. */
  verify(load: Load, howMuch: 'lately' | 'all'): Promise<void>
  /** What it has to say of collection; absent where nothing comes of that. */
  readonly collection?: Collection
}

/** Looks at a database that no server uses. */
export interface Collection {
  /** At what a crash left. */
  noteCrash(load: Load, database: DatabaseReader): Promise<void>
  /** At the end: what is still there, and nobody needs it. */
  leftOver(load: Load, data: string, database: DatabaseReader): Promise<string | undefined>
  /** How long that may be there, in ms. */
  readonly within: number
}

export interface WriterName {
  /** From 0. */
  readonly number: number
  /** Of all between one start and one kill no two have the same. */
  readonly name: string
}
