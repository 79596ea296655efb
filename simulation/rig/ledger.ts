import type { Digest } from '../../src/oci/index.ts'
import type { Content } from './content.ts'

/** Something a client can ask for. */
export type Item =
  | { readonly kind: 'blob'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'manifest'; readonly repository: string; readonly digest: Digest }
  | { readonly kind: 'tag'; readonly repository: string; readonly tag: string; readonly digest: Digest }

/**
 * `kept`      the server said that it has it
 * `possible`  asked for, and the answer was lost
 * `gone`      the server said that it deleted it, or it was seen missing after a lost request
 */
export type ItemState = 'kept' | 'possible' | 'gone'

/** A blob that was begun and not yet acknowledged. */
export interface Session {
  readonly repository: string
  location: string
  readonly content: Content
  /** The server said that it has so many bytes. */
  acknowledged: number
  /** So many were sent. */
  sent: number
  /** The PUT that ends it was sent. */
  closing: boolean
  /** The power failed since: bytes that only a 202 promised may be gone, and the session with them. */
  unsynced: boolean
}

export function createSession(repository: string, content: Content): Session {
  return { repository, location: '', content, acknowledged: 0, sent: 0, closing: false, unsynced: false }
}

/** What the server has promised so far. */
export interface Ledger {
  /** About to be asked for: unless it is kept already, nobody knows from now on. */
  attempt(item: Item): void
  /** Acknowledged, or seen. */
  keep(item: Item): void
  /** About to be deleted. */
  doubt(item: Item): void
  /** The deletion was acknowledged, or the item was seen missing. */
  forget(item: Item): void
  state(item: Item): ItemState | undefined
  /** Items in this state; kept ones in the order in which they were acknowledged. */
  all(state: ItemState): Item[]
  readonly sessions: Set<Session>
}

export function createLedger(): Ledger {
  const entries = new Map<string, { readonly item: Item; state: ItemState }>()
  const set = (item: Item, state: ItemState): void => {
    const key = keyOf(item)
    const entry = entries.get(key)
    if (entry !== undefined && entry.item.digest !== item.digest) throw new Error(`${key} moves: a ledger can't say where it is`)
    if (entry !== undefined && state === 'kept' && entry.state !== 'kept') entries.delete(key)
    else if (entry !== undefined) return void (entry.state = state)
    entries.set(key, { item, state })
  }
  return Object.freeze<Ledger>({
    attempt: (item) => {
      if (entries.get(keyOf(item))?.state !== 'kept') set(item, 'possible')
    },
    keep: (item) => set(item, 'kept'),
    doubt: (item) => set(item, 'possible'),
    forget: (item) => set(item, 'gone'),
    state: (item) => entries.get(keyOf(item))?.state,
    all: (wanted) => [...entries.values()].filter(({ state }) => state === wanted).map(({ item }) => item),
    sessions: new Set(),
  })
}

function keyOf(item: Item): string {
  return item.kind === 'tag' ? `tag ${item.repository} ${item.tag}` : `${item.kind} ${item.repository} ${item.digest}`
}
