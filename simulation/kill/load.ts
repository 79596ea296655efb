import type { Client } from '../rig/client.ts'
import type { Content } from '../rig/content.ts'
import type { Ledger } from '../rig/ledger.ts'
import { createRandom, type Random } from '../rig/random.ts'
import { Refused } from '../rig/refusal.ts'
import type { Figures } from './figures.ts'
import type { TagHistory } from './tag-history.ts'

/** So many push images at once. */
export const imageWriters = 8

/** What everything that runs between one start and one kill shares. */
export interface Load {
  readonly client: Client
  readonly ledger: Ledger
  readonly figures: Figures
  readonly seed: number
  /** Number of the kill that ends it, from 1; 0 is the set-up, which nothing kills. */
  readonly kill: number
  readonly hot: ReadonlyMap<string, TagHistory>
  /** Whether a manifest stays that no tag names any more. */
  readonly keepsUntagged: boolean
  /** Enough was done: workers end with what they are at. */
  readonly over: () => boolean
}

/** That the server had to refuse it, because its database was away, ends what a worker is at, and not the worker. */
export async function unlessRefused<T>({ figures }: Load, work: () => Promise<T>): Promise<T | undefined> {
  try {
    return await work()
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    figures.refused++
    return undefined
  }
}

/** The choices of one worker between one start and one kill. */
export function choicesOf({ seed, kill }: Pick<Load, 'seed' | 'kill'>, worker: string): Random {
  return createRandom(seed, kill, worker)
}

/** Layers that many images have, so that they are mounted: where they are, and they. */
export interface BaseLayers {
  readonly repository: string
  readonly layers: readonly Content[]
}
