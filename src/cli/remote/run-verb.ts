import { createClient, type Client } from '../../client/index.ts'
import type { Say } from '../messages.ts'
import { describeFailure, exitCodes } from './failure.ts'
import type { Logins } from './logins.ts'
import { parseServer } from './server-origin.ts'
import { tabulate } from './table.ts'
import type { Typed, Verb } from './verb.ts'

/** What verbs that talk to a server need of the process. */
export interface RemoteDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly logins: Logins
  readonly send: (url: string, init: RequestInit) => Promise<Response>
  /** Whether a person looks at what `printError` prints. */
  readonly watched: boolean
  readonly pause: (ms: number) => Promise<void>
}

/** Of every verb that talks to a server. */
export interface Destination {
  /** Another server than the one logged in to last. */
  readonly server?: string | undefined
  readonly output: string
}

/** Runs a verb and answers the exit code. */
export async function runVerb(verb: Verb, typed: Typed, destination: Destination, deps: RemoteDeps): Promise<number> {
  const { say, print, printError } = deps
  const found = findServer(destination.server, deps)
  if (found === undefined) {
    printError(`berth: ${say(destination.server === undefined ? 'remote.no-login' : 'remote.not-a-server', { server: destination.server ?? '' })}\n`)
    return exitCodes.usage
  }
  try {
    const client = clientOf(found, deps)
    const shown = await verb.run(client, typed)
    print(destination.output === 'json' ? asJson(shown) : asTable(shown, verb.columns))
    return exitCodes.done
  } catch (error) {
    const { text, code } = describeFailure(error, found.origin, say)
    printError(text)
    return code
  }
}

type Server = NonNullable<ReturnType<Logins['find']>>

/** Absent where no server is named and nobody logged in, or the name is none. */
export function findServer(server: string | undefined, { logins }: RemoteDeps): Server | undefined {
  if (server === undefined) return logins.find(undefined)
  const origin = parseServer(server)
  return origin === undefined ? undefined : logins.find(origin)
}

export function clientOf({ origin, login }: Server, { send }: Pick<RemoteDeps, 'send'>): Client {
  return createClient({ origin, login, send })
}

function asJson(shown: unknown): string {
  return shown === undefined ? '' : `${JSON.stringify(shown, undefined, 2)}\n`
}

function asTable(shown: unknown, columns: readonly string[] | undefined): string {
  if (shown === undefined) return ''
  const items = (Array.isArray(shown) ? shown : [shown]) as readonly Readonly<Record<string, unknown>>[]
  if (columns !== undefined && Array.isArray(shown)) return tabulate(columns, items)
  return items.map((item) => tabulate(['name', 'value'], Object.entries(item).map(([name, value]) => ({ name, value })))).join('\n')
}
