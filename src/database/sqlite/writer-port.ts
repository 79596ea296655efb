import type { WriterThread } from './writer-client.ts'
import type { FromWriter, WriterPort } from './writer-thread.ts'

/** A way to the writer for one more thread: what this returns is handed to that thread, which opens its database with `writerAt`. */
export function joinWriter(writer: WriterThread): MessagePort {
  const { port1, port2 } = new MessageChannel()
  writer.postMessage({ kind: 'join', port: port1 as unknown as WriterPort }, [port1])
  return port2
}

/** The writer as a thread that did not start it has it. */
export function writerAt(port: MessagePort): WriterThread {
  const near: WriterThread = {
    postMessage: (message) => port.postMessage(message),
    onmessage: null,
    // A writer that crashes is seen by the thread that started it.
    onerror: null,
    terminate: () => port.close(),
  }
  port.onmessage = (event) => near.onmessage?.({ data: event.data as FromWriter })
  return near
}
