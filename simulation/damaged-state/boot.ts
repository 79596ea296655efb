import { readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { digestBytes } from '../../src/oci/index.ts'
import { createClient, Lost } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { poll } from '../rig/poll.ts'
import { ServerProcess } from '../rig/server-process.ts'
import { repository, type Sample } from './sample.ts'

/** What came of starting a server on a data directory. */
export type Boot =
  | { readonly refused: string; readonly exitCode: number | undefined }
  /** It began to serve and ended by itself. */
  | { readonly ended: string; readonly exitCode: number | undefined }
  /** It serves and says at `/readyz` that it cannot: nobody is sent there. */
  | { readonly unready: string }
  | {
      /** Paths that answered 404, and that answered with an error of the server. */
      readonly absent: readonly string[]
      readonly failed: readonly string[]
      /** Digests of which the server said that their bytes are damaged. */
      readonly damaged: ReadonlySet<string>
    }

interface Aim {
  readonly config?: string | undefined
  readonly collected?: Sample['garbage'] | undefined
}

/** The collector runs ten times a second, and everything it may take it takes at once. What is damaged only a read finds. */
const settings = { BERTH_GC_LEASE: '1s', BERTH_GC_DRAIN: '0s', BERTH_GC_INTERVAL: '100ms', BERTH_STORAGE_SCRUB: 'off' }
const endLimit = 30_000

/**
 * Starts a server, asks for all items, each answer compared with its digest, and stops it. With `collected`, not before that
 * blob is gone: then the collector has been at work. Fails with Violation when any answer is a lie.
 */
export async function boot(data: string, items: readonly Item[], more: Aim): Promise<Boot> {
  const { config, collected } = more
  const server = new ServerProcess({ data, settings: { ...settings, ...(config === undefined ? {} : { BERTH_CONFIG: config }) } })
  try {
    await server.listening()
  } catch (error) {
    if (error instanceof Error && error.message.startsWith('/readyz answers 503')) {
      await server.kill()
      return { unready: error.message }
    }
    await poll('the end of the server', endLimit, () => Promise.resolve(server.running ? undefined : true))
    const { output, exitCode } = server
    return output.includes(' serving on ') ? { ended: output, exitCode } : { refused: output, exitCode }
  }
  try {
    const client = createClient(server.url)
    if (collected !== undefined) {
      const path = `/v2/${repository}/blobs/${collected.digest}`
      // Not HEAD, which renews the lease.
      const gone = async () => ((await client.send('GET', path)).status === 404 ? true : undefined)
      await poll('the collection of what nothing refers to', endLimit, gone)
    }
    const [absent, failed]: [string[], string[]] = [[], []]
    const damaged = new Set<string>()
    await each(items, 4, async (item) => {
      const { status, bytes } = await client.send('GET', pathOf(item))
      if (status === 404 && new TextDecoder().decode(bytes).includes('are damaged')) damaged.add(item.digest)
      if (status >= 500) failed.push(pathOf(item))
      else if ((await look(client, item)) === 'absent') absent.push(pathOf(item))
    })
    return { absent, failed, damaged }
  } catch (error) {
    if (!(error instanceof Lost)) throw error
    await poll('the end of the server', endLimit, () => Promise.resolve(server.running ? undefined : true))
    return { ended: server.output, exitCode: server.exitCode }
  } finally {
    if (server.running) await server.kill()
  }
}

/** What any start may change: the lock, and what SQLite makes anew. An empty log says nothing. */
const fleeting = /^berth\.(lock(-journal)?|db-shm)$/

/** The digest of each file in a data directory, by its path. */
export function filesOf(data: string): Record<string, string> {
  const entries = readdirSync(data, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  const paths = entries.map(({ parentPath, name }) => join(parentPath, name).slice(data.length + 1))
  const lasting = paths.filter((path) => !fleeting.test(path) && !(path === 'berth.db-wal' && statSync(join(data, path)).size === 0))
  return Object.fromEntries(lasting.map((path) => [path, digestBytes(readFileSync(join(data, path)), 'sha256')]))
}
