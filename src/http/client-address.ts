import { createAddressSet, type Network, parseIpAddress } from '../lib/index.ts'

/** Who sent a request, as far as it can be known. */
export interface Client {
  readonly address: string
  /** The id that a trusted proxy gave the request; for the log, beside our own. */
  readonly proxyId: string | undefined
  /** Whether the client speaks TLS to a trusted proxy; absent where none says so. */
  readonly secure: boolean | undefined
}

/** The header in which proxies write down who called them. The other one is not looked at: a proxy hands on what it does not know. */
export type ForwardedHeader = 'x-forwarded-for' | 'forwarded'

export interface ForwardingOptions {
  /** Proxies whose word counts. */
  readonly trusted: readonly Network[]
  readonly header: ForwardedHeader
}

/** The client behind the peer of a connection. */
export type ClientOf = (peer: string, headers: Headers) => Client

/** A chain of proxies is not longer; who sends more of it makes us work. */
const mostHops = 32
/** Characters of one hop: an address with a port, and whatever else RFC 7239 lets a proxy say about it. */
const longestHop = 512
/** What no log, shell or browser would act on. */
const wellFormedId = /^[\w.:/+=@-]{1,128}$/

/**
 * Only a trusted peer is believed, and of what it hands on only the end: each proxy adds its own peer at the end of the list, so
 * from there back to the first address that is no trusted proxy the list is true, and everything before is what that address
 * claims. Of X-Forwarded-Proto, or `proto`, the first word counts, which is of the proxy that the client came to; what a client could
 * make of it is a wrong address for its own next request. X-Forwarded-Host is of no use: no answer names another host than Host.
 */
export function createClientOf({ trusted, header }: ForwardingOptions): ClientOf {
  if (trusted.length === 0) return (peer) => ({ address: plainAddress(peer), proxyId: undefined, secure: undefined })
  const proxies = createAddressSet(trusted)
  const nodeOf = header === 'forwarded' ? forwardedNode : hopAddress

  function farthest(peer: string, list: string): string {
    let address = peer
    let end = list.length
    for (let hop = 0; hop < mostHops && end > 0; hop++) {
      const start = beginOfLast(list, end)
      const node = end - start > longestHop ? undefined : nodeOf(list.slice(start, end).trim())
      // A proxy that does not say whom it served is the last one that is known.
      if (node === undefined) break
      address = node
      if (!proxies.has(address)) break
      end = start - 1
    }
    return address
  }

  // Behind a proxy every request has the same peer.
  let last = { peer: '', trusted: false }

  return (connected, headers) => {
    const peer = plainAddress(connected)
    if (peer !== last.peer) last = { peer, trusted: proxies.has(peer) }
    if (!last.trusted) return { address: peer, proxyId: undefined, secure: undefined }
    const list = headers.get(header)
    const id = headers.get('x-request-id')
    return {
      address: list === null ? peer : farthest(peer, list),
      proxyId: id !== null && wellFormedId.test(id) ? id : undefined,
      secure: isSecure(header === 'forwarded' ? forwardedProto(list ?? '') : headers.get('x-forwarded-proto')),
    }
  }
}

function isSecure(proto: string | null | undefined): boolean | undefined {
  const first = proto?.split(',', 1)[0]?.trim().toLowerCase()
  return first === 'https' ? true : first === 'http' ? false : undefined
}

/** `proto` of the first element that RFC 7239 lists. */
function forwardedProto(list: string): string | undefined {
  return /^[^,]{0,512}?\bproto="?([a-z]+)"?[ \t]*(?:[;,]|$)/i.exec(list)?.[1]
}

/** A socket that takes both families calls an IPv4 client `::ffff:192.0.2.7`. */
function plainAddress(peer: string): string {
  return peer.startsWith('::ffff:') ? (parseIpAddress(peer) ?? peer) : peer
}

/**
 * Where the last item of a list begins that ends at `end`. Found from the right, since what a client sent stands on the left: a
 * quote that it opens must not swallow what the proxy added.
 */
function beginOfLast(list: string, end: number): number {
  let quoted = false
  for (let at = end - 1; at >= 0 && end - at <= longestHop; at--) {
    const code = list.charCodeAt(at)
    if (code === quote) quoted = !quoted
    else if (code === comma && !quoted) return at + 1
  }
  return Math.max(0, end - longestHop - 1)
}

const quote = 34
const comma = 44

/** An address with a port or without one; an IPv6 address with a port stands in brackets. */
function hopAddress(text: string): string | undefined {
  const [, bracketed, plain] = /^(?:\[([^\]]*)\](?::\w+)?|([\d.]+)(?::\w+)?)$/.exec(text) ?? []
  return parseIpAddress(bracketed ?? plain ?? text)
}

/** One pair of an element and the semicolon or end behind it. */
const pair = /[ \t]*([^\s"\\;,=]+)=(?:"([^"\\]*)"|([^\s"\\;,=]*))[ \t]*(;|$)/y

/**
 * `for` of one element of RFC 7239. Absent without one, or when it is hidden (`unknown`, `_a`). The pairs are read one by one: a host
 * that a client made up may have `;for=` in it. No address needs a backslash in its quotes, so none is understood.
 */
function forwardedNode(element: string): string | undefined {
  let node: string | undefined
  pair.lastIndex = 0
  for (let more = true; more; ) {
    const [all, name = '', quoted, plain = '', behind] = pair.exec(element) ?? []
    if (all === undefined) return undefined
    if (name.toLowerCase() === 'for') node = hopAddress(quoted ?? plain)
    more = behind === ';'
  }
  return node
}
