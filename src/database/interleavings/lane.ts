import type { Encounter } from './encounter.ts'
import type { State } from './rows.ts'

/** An arena in a thread of its own: two of them use two cores. */
export interface Lane {
  /** Lets two operations of the table meet, named by their places in it. Fails as `meet` does. */
  meet(first: number, second: number, state: State): Promise<Encounter>
  close(): Promise<void>
}

/** Asked of the thread, one at a time: first `open` with the URL of a server, at last `close`. */
export type Asked =
  | { readonly open: string }
  | { readonly meet: readonly [number, number]; readonly state: State }
  | { readonly close: true }

export type Answered = { readonly encounter: Encounter | undefined } | { readonly failure: string }

interface Thread {
  postMessage(message: Asked): void
  onmessage: ((event: { readonly data: Answered }) => void) | null
  onerror: ((event: { readonly message: string }) => void) | null
  terminate(): void
}

export async function openLane(server: string): Promise<Lane> {
  const thread = new Worker(new URL('./lane-thread.ts', import.meta.url)) as unknown as Thread
  const ask = async (asked: Asked): Promise<Encounter | undefined> => {
    const { promise, resolve, reject } = Promise.withResolvers<Answered>()
    thread.onmessage = ({ data }) => resolve(data)
    thread.onerror = ({ message }) => reject(new Error(message))
    thread.postMessage(asked)
    const answered = await promise
    if ('failure' in answered) throw new Error(answered.failure)
    return answered.encounter
  }
  await ask({ open: server })
  return Object.freeze<Lane>({
    meet: async (first, second, state) => {
      const encounter = await ask({ meet: [first, second], state })
      if (encounter === undefined) throw new Error('a lane did not say what came of two operations')
      return encounter
    },
    close: async () => {
      await ask({ close: true })
      thread.terminate()
    },
  })
}
