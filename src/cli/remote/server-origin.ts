import { isLoopback } from '../../config/index.ts'

/**
 * The origin that somebody means: `registry.example`, `127.0.0.1:5000`, `https://registry.example:8443`. Without a scheme it is
 * https, and http on this machine, as docker has it. Absent for what names no server.
 */
export function parseServer(text: string): string | undefined {
  const scheme = /^https?:\/\//.test(text)
  const url = URL.parse(scheme ? text : `https://${text}`)
  if (url === null || url.hostname === '' || url.username !== '' || url.password !== '') return undefined
  if (url.pathname !== '/' || url.search !== '' || url.hash !== '') return undefined
  if (scheme) return url.origin
  const local = isLoopback(url.hostname.replace(/^\[|\]$/g, '')) || url.hostname === 'localhost'
  // The port of the other scheme was dropped as a default: read again.
  return local ? URL.parse(`http://${text}`)?.origin : url.origin
}
