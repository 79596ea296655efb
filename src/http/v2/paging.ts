import { excerpt } from '../../lib/index.ts'
import { RegistryError } from '../../oci/index.ts'
import { queryValue } from '../target.ts'

/**
 * `?n=`: how many entries a page may have. More than `most` is cut to it, since clients ask for 10,000 and follow Link.
 * @returns absent when the client names no number
 * @throws RegistryError `PAGINATION_NUMBER_INVALID`
 */
export function parsePageSize(query: string, most: number): number | undefined {
  const text = queryValue(query, 'n')
  if (text === undefined) return undefined
  if (/^\d+$/.test(text)) return Math.min(Number(text), most)
  const message = `n must be a whole number, zero or more, not ${excerpt(text)}`
  throw new RegistryError('PAGINATION_NUMBER_INVALID', { message })
}

/**
 * `?last=`: the list goes on after it; it need not exist. No name holds a NUL, so what follows one decides nothing, and a
 * database may refuse it.
 */
export function parseLast(query: string): string | undefined {
  const text = queryValue(query, 'last')
  const end = text?.indexOf('\0') ?? -1
  return end === -1 ? text : text?.slice(0, end)
}

/** The header that names the next page (RFC 8288), path-absolute: clients refuse another host. */
export function nextLink(path: string, parameters: Readonly<Record<string, string | number | undefined>>): string {
  const query = Object.entries(parameters)
    .filter(([, value]) => value !== undefined)
    .map(([name, value]) => `${name}=${encodeURIComponent(value ?? '')}`)
  return `<${path}?${query.join('&')}>; rel="next"`
}
