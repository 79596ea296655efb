import type { Digest } from '../oci/index.ts'
import type { WrittenElsewhere } from '../registry/index.ts'
import { errorFrom, type Calls, type FromWorker, type ToWorker } from './messages.ts'

/** The near end of a thread: what a Bun Worker is. */
export interface Thread {
  postMessage(message: ToWorker, transfer?: unknown[]): void
  onmessage: ((event: { readonly data: FromWorker }) => void) | null
  onerror: ((event: { readonly message: string }) => void) | null
  addEventListener(type: 'close', listener: () => void): void
  terminate(): void
}

export interface ThreadReport {
  lines(text: string): void
  /** The database can no longer be trusted: the process is to end. */
  broken(error: Error): void
  /** The thread ended by itself: so is the process. */
  ended(error: Error): void
}

/** It asks that the thread named `owner` lets go of an upload. */
export type OnRelease = (owner: string, written: WrittenElsewhere) => Promise<Digest | null>

/** A thread that answers requests, as the one that started it sees it. */
export interface WorkerThread {
  /** Fails with what the thread failed with, and when the thread ends instead. */
  call<C extends keyof Calls>(call: C, input: Calls[C][0], transfer?: unknown[]): Promise<Calls[C][1]>
  /** Ends it, whatever it does. */
  end(): void
}

interface Pending {
  readonly resolve: (result: never) => void
  readonly reject: (error: Error) => void
}

export function createWorkerThread(thread: Thread, report: ThreadReport, onRelease: OnRelease): WorkerThread {
  const pending = new Map<number, Pending>()
  let calls = 0
  let ended = false

  function crash(reason: string): void {
    if (ended) return
    ended = true
    const error = new Error(`a thread that answers requests ended: ${reason}`)
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
    report.ended(error)
  }

  function receive(message: FromWorker): void {
    if (message.kind === 'release') return void answerRelease(message, onRelease, call)
    if (message.kind === 'lines') return report.lines(message.text)
    if (message.kind === 'broken') return report.broken(errorFrom(message.error))
    const asked = pending.get(message.id)
    pending.delete(message.id)
    if (message.kind === 'answer') asked?.resolve(message.result as never)
    else asked?.reject(errorFrom(message.error))
  }

  function call<C extends keyof Calls>(name: C, input: Calls[C][0], transfer?: unknown[]): Promise<Calls[C][1]> {
    if (ended) return Promise.reject(new Error('the thread has ended'))
    const id = ++calls
    const { promise, ...settle } = Promise.withResolvers<never>()
    pending.set(id, settle)
    thread.postMessage({ id, call: name, input }, transfer ?? [])
    return promise
  }

  thread.onmessage = ({ data }) => receive(data)
  thread.onerror = ({ message }) => crash(message)
  thread.addEventListener('close', () => crash('nobody had told it to'))
  return Object.freeze<WorkerThread>({
    call,
    end: () => {
      ended = true
      thread.terminate()
    },
  })
}

/** A thread that ends meanwhile ends the process: nobody waits for its answer then. */
async function answerRelease(
  { request, owner, written }: Extract<FromWorker, { kind: 'release' }>,
  onRelease: OnRelease,
  call: WorkerThread['call'],
): Promise<void> {
  const digest = await onRelease(owner, written).catch(() => null)
  await call('released', { request, digest }).catch(() => undefined)
}
