import { openArena, type Arena } from './arena.ts'
import { meet, type Encounter } from './encounter.ts'
import type { Answered, Asked } from './lane.ts'
import { operations } from './operations.ts'
import { pairOf } from './verdict.ts'

/** The thread's end of the way to who asks. */
interface Port {
  postMessage(message: Answered): void
  onmessage: ((event: { readonly data: Asked }) => void) | null
}

// `self` is the thread's end of the message port.
declare const self: unknown

const port = self as Port
let arena: Arena | undefined

port.onmessage = ({ data }) => {
  answer(data).then(
    (encounter) => port.postMessage({ encounter }),
    (error: unknown) => port.postMessage({ failure: Bun.inspect(error) }),
  )
}

async function answer(asked: Asked): Promise<Encounter | undefined> {
  if ('open' in asked) {
    arena = await openArena(asked.open)
    return undefined
  }
  if (arena === undefined) throw new Error('the lane is not open')
  if ('close' in asked) {
    await arena.close()
    return undefined
  }
  const [first, second] = asked.meet.map((at) => operations[at])
  if (first === undefined || second === undefined) throw new Error(`no operations ${asked.meet.join(' and ')}`)
  return await meet(arena, pairOf(first, second, asked.state))
}
