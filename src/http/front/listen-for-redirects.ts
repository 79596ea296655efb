import { formatHost } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import type { Listener } from '../listener.ts'

export interface RedirectOptions {
  readonly hostname: string
  /** 0 takes any free port. */
  readonly port: number
  /** The port that speaks TLS, under the same name. */
  readonly to: number
  readonly logger: Logger
}

/**
 * Answers plain HTTP with the same address under https and nothing else. 308 keeps the method and the body, which 301 does not. The
 * name is the one that was asked for: whoever makes up a Host leads nobody astray but himself.
 */
export function listenForRedirects({ hostname, port, to, logger }: RedirectOptions): Listener {
  const server = Bun.serve({
    hostname,
    port,
    development: false,
    reusePort: false,
    maxRequestBodySize: 2 ** 40,
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
