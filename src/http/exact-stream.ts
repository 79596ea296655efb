/**
 * The same bytes, but failing unless there are exactly `length` of them. Bun sends a stream chunked, so a stream that merely
 * ended early would look complete to the client; a failed one breaks the connection, which no client takes for the end.
 */
export function exactStream(source: ReadableStream<Uint8Array>, length: number): ReadableStream<Uint8Array> {
  const reader = source.getReader()
  let left = length
  return new ReadableStream<Uint8Array>(
    {
      async pull(controller): Promise<void> {
        const { value } = await reader.read()
        left -= value?.length ?? 0
        if (left < 0 || (value === undefined && left > 0)) {
          await reader.cancel()
          throw new Error(`a stored object gave ${length - left} bytes where its row says ${length}`)
        }
        if (value === undefined) controller.close()
        else controller.enqueue(value)
      },
      cancel: (reason) => reader.cancel(reason),
    },
    { highWaterMark: 0 },
  )
}
