/** Where a request points: path and query as sent, still percent-encoded, without a fragment. */
export interface Target {
  readonly path: string
  /** Without the question mark; empty when there is none. */
  readonly query: string
}

/**
 * Cuts a request's URL by hand: a URL object would cost more than all the rest of the routing. With a usable Host header Bun
 * gives `http://host/path`, dot segments resolved; with a missing or malformed one only the path, as sent; for CONNECT
 * whatever stood there, which is no path and matches nothing.
 */
export function parseTarget(url: string): Target {
  const start = url.charCodeAt(0) === slash ? 0 : pathStart(url)
  const hash = url.indexOf('#', start)
  const end = hash === -1 ? url.length : hash
  const mark = url.indexOf('?', start)
  if (mark === -1 || mark > end) return { path: url.slice(start, end), query: '' }
  return { path: url.slice(start, mark), query: url.slice(mark + 1, end) }
}

const slash = 47

function pathStart(url: string): number {
  const authority = url.indexOf('://')
  const start = authority === -1 ? -1 : url.indexOf('/', authority + 3)
  return start === -1 ? url.length : start
}

/** The value of a query parameter, the first one when it is repeated. */
export function queryValue(query: string, name: string): string | undefined {
  return query === '' ? undefined : queryValues(query, name)[0]
}

/**
 * All values of a query parameter, percent-decoded. `+` stays `+`: media types hold it, and nothing here holds a space. A
 * value with a broken escape is taken as it is written, and fails where its grammar is checked.
 */
export function queryValues(query: string, name: string): string[] {
  const values: string[] = []
  for (const pair of query.split('&')) {
    const equals = pair.indexOf('=')
    const key = equals === -1 ? pair : pair.slice(0, equals)
    if (key === name || decoded(key) === name) values.push(equals === -1 ? '' : decoded(pair.slice(equals + 1)))
  }
  return values
}

function decoded(text: string): string {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
