import { type Clock, createAddressSet, type Network } from '../../lib/index.ts'
import { idleSeconds, listen, type Listener, type ListenerOptions } from '../listener.ts'
import type { Certificate, CertificatePaths } from './certificate.ts'
import { createConnectionLimits } from './connection-limits.ts'
import { type Front, openFront } from './front.ts'
import { innerHost } from './inner-servers.ts'
import { type CertificateFiles, keepCertificate, type KeptCertificate } from './keep-certificate.ts'

export interface FrontListenerOptions extends Omit<ListenerOptions, 'inner'> {
  /** Without it the front passes plain HTTP on. */
  readonly tls: TlsOptions | undefined
  /** Whose connections begin with a PROXY header. */
  readonly proxies: readonly Network[]
  /** How many connections there may be, and how many of one address; no limit where there is none. */
  readonly connections: { readonly all: number | undefined; readonly perAddress: number | undefined }
  readonly files: CertificateFiles
  readonly clock: Clock
}

export interface TlsOptions extends CertificatePaths {
  /** What the files held when the server was started. */
  readonly first: Certificate
  /** The oldest version of TLS that is spoken. */
  readonly minimum: '1.2' | '1.3'
}

export interface FrontListener extends Listener {
  /** Reads the certificate again, if there is one. Never fails: what is wrong is logged. */
  readonly reload: () => Promise<void>
}

/** Serves behind a front. Fails with the error of the system when it cannot listen. */
export function listenBehindFront(options: FrontListenerOptions): FrontListener {
  const { tls, files, clock, logger, idle = idleSeconds } = options
  const front = openFront({
    ...options,
    certificate: tls?.first,
    proxies: options.proxies.length === 0 ? undefined : createAddressSet(options.proxies),
    limits: createConnectionLimits({ ...options.connections, logger, clock }),
    patience: { idle, linger },
    openInner: ({ certificate: pair, clientAt }) => {
      const inner = { clientAt, tls: pair && { cert: pair.chain, key: pair.key, minimum: tls?.minimum ?? '1.2' } }
      return listen({ ...options, hostname: innerHost, port: 0, shared: false, inner })
    },
  })
  return withReload(front, tls && keepCertificate({ paths: tls, files, clock, first: tls.first, use: (next) => front.use(next), logger }))
}

function withReload(front: Front, kept: KeptCertificate | undefined): FrontListener {
  return Object.freeze({
    url: front.url,
    port: front.port,
    reload: async () => await kept?.reload(),
    stop: async (graceMs: number) => {
      await kept?.end()
      await front.stop(graceMs)
    },
  })
}

/** Seconds. */
const linger = 8
