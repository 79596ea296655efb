import { RegistryError } from '../oci/index.ts'

/** A host and perhaps a port, as a client that means well writes them. Two Host headers come joined by a comma, which is none. */
const host = /^(?:[\w.-]*|\[[\da-f:.]+\])(?::\d{0,5})?$/i

/**
 * Refuses what Bun lets through although a proxy in front may read it otherwise, so that two programs could see different
 * requests in the same bytes (RFC 9112, sections 3.2 and 6.3): another Host than one, a length said twice, a transfer coding
 * written in any other way than `chunked`. The connection is closed after the answer, since where the next request begins is in
 * doubt. A CONNECT is refused with them: Bun takes the rest of its connection for a tunnel and never reads another request.
 * @throws RegistryError `REQUEST_INVALID` or `METHOD_NOT_ALLOWED`
 */
export function checkHead({ method, headers }: Pick<Request, 'method' | 'headers'>): void {
  if (!host.test(headers.get('host') ?? '')) throw invalid('it needs one Host header with a host and perhaps a port')
  if (headers.get('content-length')?.includes(',') === true) throw invalid('it has more than one Content-Length')
  const coding = headers.get('transfer-encoding')
  if (coding !== null && coding.toLowerCase() !== 'chunked') throw invalid('the only transfer coding supported is "chunked"')
  if (method !== 'CONNECT') return
  throw new RegistryError('METHOD_NOT_ALLOWED', { headers: { ...close, allow: 'DELETE, GET, HEAD, PATCH, POST, PUT' } })
}

const close = { connection: 'close' }

function invalid(problem: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message: `the request is malformed: ${problem}`, headers: close })
}
