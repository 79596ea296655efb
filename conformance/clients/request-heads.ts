/** The head of a request as it came over the wire. */
export interface Head {
  readonly method: string
  /** Path and query, as sent. */
  readonly target: string
  readonly headers: Headers
}

/**
 * Reads one connection's requests (HTTP/1.1, as well-behaved clients write it) and hands out the head of each.
 * @returns what takes the bytes as they come, in pieces of any size
 */
export function createHeadReader(found: (head: Head) => void): (piece: Uint8Array) => void {
  let rest = Buffer.alloc(0)
  let skip = 0
  let chunked = false

  function readHead(text: string): void {
    const [first = '', ...lines] = text.split('\r\n')
    const [method = '', target = ''] = first.split(' ')
    const headers = new Headers(lines.map((line): [string, string] => {
      const colon = line.indexOf(':')
      return [line.slice(0, colon), line.slice(colon + 1).trim()]
    }))
    chunked = headers.get('transfer-encoding') === 'chunked'
    skip = Number(headers.get('content-length') ?? 0)
    found(Object.freeze({ method, target, headers }))
  }

  /** A line with the size of a chunk; the empty line behind the last one is skipped like content. */
  function readChunkSize(line: string): void {
    const size = Number.parseInt(line, 16)
    chunked = size > 0
    skip = size + 2
  }

  return (piece) => {
    rest = Buffer.concat([rest, piece])
    for (;;) {
      const skipped = Math.min(skip, rest.length)
      skip -= skipped
      rest = rest.subarray(skipped)
      const mark = chunked ? '\r\n' : '\r\n\r\n'
      const end = rest.indexOf(mark)
      if (skip > 0 || end < 0) return
      const text = rest.toString('latin1', 0, end)
      rest = rest.subarray(end + mark.length)
      if (chunked) readChunkSize(text)
      else readHead(text)
    }
  }
}
