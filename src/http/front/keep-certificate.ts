import type { Clock } from '../../lib/index.ts'
import type { Logger } from '../../observe/index.ts'
import { type Certificate, CertificateError, type CertificatePaths, parseCertificate, reasonOf } from './certificate.ts'

/** The file system, as far as certificates need it. */
export interface CertificateFiles {
  /** The whole text. Fails when it cannot be read, or is longer than so many bytes. */
  read(path: string, most: number): Promise<string>
  /** Another text whenever the file may hold something else. Fails when there is none. */
  stamp(path: string): Promise<string>
}

export interface CertificateSource {
  readonly paths: CertificatePaths
  readonly files: CertificateFiles
  readonly clock: Clock
}

/** Bytes: of a chain of certificates, or a key. */
const largest = 256 * 1024

/** Reads both files and checks what they hold. Fails with a CertificateError. */
export async function readCertificate({ paths, files, clock }: CertificateSource): Promise<Certificate> {
  const [chain, key] = [await read('tls.certificate', paths.certificate), await read('tls.key', paths.key)]
  return parseCertificate(paths, chain, key, clock.now())

  async function read(setting: CertificateError['setting'], path: string): Promise<string> {
    try {
      return await files.read(path, largest)
    } catch (error) {
      throw new CertificateError('unreadable', setting, path, `cannot be read: ${reasonOf(error)}`, error)
    }
  }
}

export interface KeptCertificate {
  /** Reads the files now, changed or not. Never fails: what is wrong is logged. */
  reload(): Promise<void>
  end(): Promise<void>
}

export interface KeepingDeps extends CertificateSource {
  /** What is in use. */
  readonly first: Certificate
  readonly use: (certificate: Certificate) => void
  readonly logger: Logger
}

/** Ms between two looks at the files. */
const pause = 5000

/**
 * Takes over a certificate when its files change. What is renamed into their place counts, and what a link leads to: certbot and
 * Kubernetes move links. A pair that cannot be used, such as one of which only half is written, changes nothing but the log.
 */
export function keepCertificate(deps: KeepingDeps): KeptCertificate {
  const { clock } = deps
  const stop = new AbortController()
  let state: Kept = { inUse: deps.first, fault: undefined }
  let last: Promise<void> = Promise.resolve()

  /** One after the other: the later one has to win. */
  function read(told?: string): Promise<void> {
    last = last.then(async () => {
      if (!stop.signal.aborted) state = await takeOver(state.inUse, told, deps)
    })
    return last
  }

  async function run(): Promise<void> {
    let seen: string | undefined
    while (!stop.signal.aborted) {
      const found = await stampOf(deps)
      if (found !== seen) await read()
      // What is not valid yet comes to be without a change, and so does what could not be read when nothing was free.
      else if (state.fault !== undefined) await read(state.fault)
      seen = found
      await clock.sleep(pause, stop.signal).catch(() => undefined)
    }
    await last
  }

  const running = run()
  const end = async (): Promise<void> => {
    stop.abort()
    await running
  }
  return Object.freeze({ reload: () => read(), end })
}

interface Kept {
  readonly inUse: Certificate
  /** Why the files hold nothing that can be used. */
  readonly fault: string | undefined
}

/** @param told the fault that the log knows of already */
async function takeOver(inUse: Certificate, told: string | undefined, deps: KeepingDeps): Promise<Kept> {
  const { logger } = deps
  try {
    const next = await readCertificate(deps)
    if (next.chain === inUse.chain && next.key === inUse.key) return { inUse, fault: undefined }
    deps.use(next)
    logger.info('new connections get the new certificate', { names: next.names, expires: new Date(next.expires).toISOString() })
    return { inUse: next, fault: undefined }
  } catch (error) {
    const fault = reasonOf(error)
    if (fault !== told) logger.warn('the new certificate cannot be used; the old one stays', { reason: fault })
    return { inUse, fault }
  }
}

/** Missing files are a state as well: they are reported once. */
async function stampOf({ paths, files }: CertificateSource): Promise<string> {
  const stamps = [paths.certificate, paths.key].map((path) => files.stamp(path).catch((error: unknown) => reasonOf(error)))
  return (await Promise.all(stamps)).join('\n')
}
