import { createAddressSet, formatHost } from '../../lib/index.ts'
import type { Listener } from '../listener.ts'
import { createConnectionLimits } from './connection-limits.ts'
import { openFront } from './front.ts'
import { innerHost } from './inner-servers.ts'
import type { FrontListenerOptions } from './listen-behind-front.ts'

export interface RedirectOptions extends Pick<FrontListenerOptions, 'hostname' | 'port' | 'proxies' | 'connections' | 'logger' | 'clock'> {
  /** The port that speaks TLS, under the same name. */
  readonly to: number
}

/**
 * Answers plain HTTP with the same address under https and nothing else. 308 keeps the method and the body, which 301 does not. The
 * name is the one that was asked for: whoever makes up a Host leads nobody astray but himself. Connections are counted apart from
 * those of the port that speaks TLS: a flood on one of them leaves the other alone.
 */
export function listenForRedirects(options: RedirectOptions): Listener {
  const { proxies, connections, logger, clock } = options
  if (proxies.length === 0 && connections.all === undefined && connections.perAddress === undefined) return serveRedirects(options)
  return openFront({
    ...options,
    certificate: undefined,
    proxies: proxies.length === 0 ? undefined : createAddressSet(proxies),
    limits: createConnectionLimits({ ...connections, logger, clock }),
    patience: { idle: idleSeconds, linger: idleSeconds },
    // Who finds the port behind the front gets a redirect like anybody.
    openInner: () => serveRedirects({ ...options, hostname: innerHost, port: 0 }),
  })
}

/** A client is answered at once and goes elsewhere: there is nothing to wait for. */
const idleSeconds = 8

function serveRedirects({ hostname, port, to, logger }: Pick<RedirectOptions, 'hostname' | 'port' | 'to' | 'logger'>): Listener {
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    reusePort: false,
    maxRequestBodySize: 2 ** 40,
    idleTimeout: idleSeconds,
    fetch: ({ url }) => {
      // Whatever stands in Host: no more than the client's own mistake.
      if (!URL.canParse(url)) return new Response(null, { status: 400 })
      const { hostname: name, pathname, search } = new URL(url)
      const location = `https://${name}${to === 443 ? '' : `:${to}`}${pathname}${search}`
      return new Response(null, { status: 308, headers: { location, 'cache-control': 'no-store' } })
    },
    error: (error) => {
      logger.error('a request could not be sent to https', { error })
      return new Response(null, { status: 400 })
    },
  })
  const bound = server.port ?? port
  return Object.freeze({ url: `http://${formatHost(hostname)}:${bound}`, port: bound, stop: () => server.stop(true) })
}
