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
  /** It ended by itself, or can't go on: the process is to end. */
  broken(error: Error): void
}

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

export function createWorkerThread(thread: Thread, report: ThreadReport): WorkerThread {
  const pending = new Map<number, Pending>()
  let calls = 0
  let ended = false

  function crash(reason: string): void {
    if (ended) return
    ended = true
    const error = new Error(`a thread that answers requests ended: ${reason}`)
    for (const { reject } of pending.values()) reject(error)
    pending.clear()
    report.broken(error)
  }

  function receive(message: FromWorker): void {
    if (message.kind === 'lines') return report.lines(message.text)
    if (message.kind === 'broken') return report.broken(errorFrom(message.error))
    const call = pending.get(message.id)
    pending.delete(message.id)
    if (message.kind === 'answer') call?.resolve(message.result as never)
    else call?.reject(errorFrom(message.error))
  }

  thread.onmessage = ({ data }) => receive(data)
  thread.onerror = ({ message }) => crash(message)
  thread.addEventListener('close', () => crash('nobody had told it to'))
  return Object.freeze<WorkerThread>({
    call: (call, input, transfer) => {
      if (ended) return Promise.reject(new Error('the thread has ended'))
      const id = ++calls
      const { promise, ...settle } = Promise.withResolvers<never>()
      pending.set(id, settle)
      thread.postMessage({ id, call, input }, transfer ?? [])
      return promise
    },
    end: () => {
      ended = true
      thread.terminate()
    },
  })
}
