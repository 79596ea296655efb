import { resolve } from 'node:path'
import { createClient, type Client } from '../../client/index.ts'
import type { Say } from '../messages.ts'
import { readCaFile } from './ca-file.ts'
import { describeFailure, exitCodes } from './failure.ts'
import type { Logins } from './logins.ts'
import type { SecretInput } from './read-secret.ts'
import { parseServer } from './server-origin.ts'
import { asJson, asTable } from './shown.ts'
import type { Typed, Verb } from './verb.ts'

/** What verbs that talk to a server need of the process. */
export interface RemoteDeps {
  readonly say: Say
  readonly print: (text: string) => void
  readonly printError: (text: string) => void
  readonly logins: Logins
  /** Whether a person looks at what `printError` prints. */
  readonly watched: boolean
  readonly pause: (ms: number) => Promise<void>
  /** @param ca PEM of the certificates that the server's is checked against; absent: those that everybody trusts */
  readonly send: (url: string, init: RequestInit, ca?: string) => Promise<Response>
  readonly input: SecretInput
  /** Where files are looked for that are named without the whole path. */
  readonly cwd: string
  /** What `SSL_CERT_FILE` says, as other programs read it. */
  readonly caFile: string | undefined
}

/** Of every verb that talks to a server. */
export interface Destination {
  /** Another server than the one logged in to last. */
  readonly server?: string | undefined
  readonly output: string
  /** The same as `output: json`, where a command has it by itself. */
  readonly json?: boolean | undefined
  readonly caFile?: string | undefined
  /** Nobody is asked. */
  readonly yes?: boolean | undefined
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
    const client = clientOf(found, deps, destination.caFile)
    if (!(await isMeant(verb, typed, destination, deps))) {
      printError(`berth: ${say('remote.nothing-done')}\n`)
      return exitCodes.failed
    }
    const shown = await verb.run(client, typed)
    if (destination.output === 'json' || destination.json === true) print(asJson(shown))
    else print(verb.describe?.(shown, say) ?? asTable(shown, verb.columns))
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

/** @param caFile named on the command line; absent: the one of the login, or of the environment. Fails with a UsageFault. */
export function clientOf({ origin, login }: Server, { send, cwd, ...deps }: RemoteDeps, caFile?: string): Client {
  const file = caFile === undefined ? (login?.caFile ?? deps.caFile) : resolve(cwd, caFile)
  const ca = file === undefined ? undefined : readCaFile(file)
  return createClient({ origin, login, send: async (url, init) => await send(url, init, ca) })
}

/** A script means what it says; a person at a terminal may have mistaken a name. */
async function isMeant(verb: Verb, { words }: Typed, { yes }: Destination, { say, input }: RemoteDeps): Promise<boolean> {
  const question = verb.destroys === true ? 'remote.sure' : verb.discards === true ? 'remote.sure-deleted' : undefined
  if (question === undefined || yes === true || !input.isTerminal) return true
  const command = ['berth', verb.noun, verb.verb, ...Object.values(words)].join(' ')
  return /^(y|yes|是)$/i.test(await input.readLine(say(question, { command })))
}
