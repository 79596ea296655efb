/** One message of a stream of server-sent events (the HTML standard, "Server-sent events"). */
export interface StreamEvent {
  /** What a client that lost the stream says it has seen last: digits. */
  readonly id: string
  readonly event: string
  readonly data: unknown
}

/** Says nothing, and keeps proxies and clients from taking the stream for dead. */
export const sign = Symbol('a sign of life')

/** After so many ms a client comes again. */
const retry = 1_000

/** The bytes of the events, made one by one as the client takes them: one that does not read costs no memory. */
export function streamOfEvents(events: AsyncIterableIterator<StreamEvent | typeof sign>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder()
  let begun = false
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        if (!begun) {
          begun = true
          controller.enqueue(encoder.encode(`retry: ${retry}\n\n`))
          return
        }
        const next = await events.next()
        if (next.done === true) controller.close()
        else controller.enqueue(encoder.encode(textOf(next.value)))
      },
      async cancel(): Promise<void> {
        await events.return?.()
      },
    },
    { highWaterMark: 0 },
  )
}

/** JSON has no line breaks, so it is one line of data. */
function textOf(event: StreamEvent | typeof sign): string {
  return event === sign ? ':\n\n' : `id: ${event.id}\nevent: ${event.event}\ndata: ${JSON.stringify(event.data)}\n\n`
}
