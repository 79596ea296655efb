import { type Clock, createLru } from '../lib/index.ts'

/** What the Authorization header of a request says. Nothing of it is checked yet. */
export type Credentials =
  | { readonly kind: 'none' }
  | { readonly kind: 'basic'; readonly user: string; readonly secret: string }
  | { readonly kind: 'bearer'; readonly token: string }
  | { readonly kind: 'malformed'; readonly problem: string }

/** Characters. Proxies take no more either; a token of ours has a few hundred. */
const longest = 8 * 1024 + 16

const none: Credentials = Object.freeze({ kind: 'none' })
const base64 = /^[A-Za-z0-9+/]+={0,2}$/
/** What nearly every password is of; for anything else the longer ways are gone. */
const printable = /^[\x20-\x7e]*$/
const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

/**
 * Reads one Authorization header (RFC 7617, RFC 6750); the scheme in any case. Two of them come joined by a comma, which neither
 * scheme's value may hold.
 */
export function parseCredentials(header: string | null): Credentials {
  if (header === null) return none
  if (header.length > longest) return malformed('it is too long')
  const space = header.indexOf(' ')
  const scheme = (space === -1 ? header : header.slice(0, space)).toLowerCase()
  const value = space === -1 ? '' : header.slice(space + 1).trim()
  if (scheme === 'bearer') return value === '' ? malformed('a token is missing') : { kind: 'bearer', token: value }
  return scheme === 'basic' ? basic(value) : malformed('its scheme is neither Basic nor Bearer')
}

/** Headers whose text is held in memory, with the passwords in them. */
const mostRemembered = 100
/** None of them for longer than this, in ms. */
const remembered = 60_000

export interface CredentialReaderDeps {
  readonly clock: Pick<Clock, 'sleep'>
  /** Aborted when the process is about to end: nothing is remembered any more. */
  readonly ending: AbortSignal
}

/**
 * Reads as `parseCredentials` does, and answers with the same object for what was read a moment ago: a client sends one header with each of its
 * requests. What is known of the object needs not be found by a hash of the password, nor of a long token.
 */
export function createCredentialReader({ clock, ending }: CredentialReaderDeps): (header: string | null) => Credentials {
  const known = createLru<string, Credentials>({ capacity: mostRemembered })

  // All of them at once, when the first has its time: what was read last week is in no memory that somebody gets to see.
  async function forgetLater(): Promise<void> {
    await clock.sleep(remembered, ending).catch(() => undefined)
    known.clear()
  }

  function remember(header: string, read: Credentials): void {
    if (ending.aborted) return
    if (known.size === 0) void forgetLater()
    known.set(header, read)
  }

  return (header) => {
    if (header === null) return none
    const before = known.get(header)
    if (before !== undefined) return before
    const read = parseCredentials(header)
    if (read.kind === 'basic' || read.kind === 'bearer') remember(header, read)
    return read
  }
}

/** Whether it is one token at all. Asked of those that are nobody's: to read through each of the good ones costs more than to find it. */
export function isOneToken(text: string): boolean {
  return /^[\x21-\x2b\x2d-\x7e]+$/.test(text)
}

function basic(value: string): Credentials {
  const text = base64.test(value) ? decoded(value) : undefined
  const colon = text?.indexOf(':') ?? -1
  if (text === undefined || colon === -1) return malformed('behind Basic stands user:password in UTF-8, written in base64')
  // RFC 7617, section 2. A NUL would end the text for some database.
  if (!printable.test(text) && /\p{Cc}/u.test(text)) return malformed('user and password have no control characters')
  return { kind: 'basic', user: text.slice(0, colon), secret: text.slice(colon + 1) }
}

function decoded(value: string): string | undefined {
  try {
    const text = latin1(value)
    return text !== undefined && printable.test(text) ? text : utf8.decode(Buffer.from(value, 'base64'))
  } catch {
    return undefined
  }
}

/** Absent where the padding is not as it has to be, of which Buffer thinks less. */
function latin1(value: string): string | undefined {
  try {
    return atob(value)
  } catch {
    return undefined
  }
}

function malformed(problem: string): Credentials {
  return { kind: 'malformed', problem }
}
