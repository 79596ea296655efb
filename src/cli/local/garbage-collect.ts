import type { Config } from '../../config/index.ts'
import { formatHost } from '../../lib/index.ts'
import type { Say } from '../messages.ts'
import { collectionText, type CollectionReport } from '../remote/collection-text.ts'
import { asJson } from '../remote/shown.ts'
import { describeStartFailure } from './start-failure.ts'

export interface GarbageCollectOptions {
  readonly dryRun: boolean
  readonly deleteUntagged: boolean
  readonly json: boolean
  /** No line for what is under way. */
  readonly quiet: boolean
}

/** What `garbage-collect` needs from the process it runs in. */
export interface GarbageCollectDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  /**
   * Frees what is due and answers what that was. A dry run reads, also beside a running server; the other one needs the data directory alone
   * and fails with `locked` beside a server.
   */
  readonly collectGarbage: (config: Config, request: Pick<GarbageCollectOptions, 'dryRun' | 'deleteUntagged'> & { readonly log: (text: string) => void }) => Promise<CollectionReport>
}

/**
 * `berth garbage-collect`, as distribution has it: on the data that the configuration names. Beside a running server, which has
 * the data for itself, that server is asked, as `berth gc` asks it.
 * @param askServer runs `berth gc --wait` at this origin and answers the exit code
 */
export async function garbageCollect(
  config: Config,
  { dryRun, deleteUntagged, json, quiet }: GarbageCollectOptions,
  askServer: (origin: string) => Promise<number>,
  { say, print, printError, collectGarbage }: GarbageCollectDeps,
): Promise<number> {
  try {
    const report = await collectGarbage(config, { dryRun, deleteUntagged, log: (text) => void (quiet || printError(`${text}\n`)) })
    print(json ? asJson(report) : collectionText(report, say))
    return 0
  } catch (error) {
    if ((error as { readonly code?: unknown }).code === 'locked') return await askServer(originOf(config))
    printError(describeStartFailure(error, config, say, 'garbage-collect'))
    return 1
  }
}

/** Where the server of this configuration is reached from this machine. */
function originOf({ listen, tls, http }: Config): string {
  if (http.external_url !== undefined) return http.external_url
  const host = /^(0\.0\.0\.0|::)$/.test(listen.host) ? '127.0.0.1' : listen.host
  return `${tls.certificate === undefined ? 'http' : 'https'}://${formatHost(host)}:${listen.port}`
}
