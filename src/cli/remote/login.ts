import { resolve } from 'node:path'
import { ServerProblem } from '../../client/index.ts'
import { describeFailure, exitCodes, UsageFault } from './failure.ts'
import { readSecret } from './read-secret.ts'
import { clientOf, findServer, type RemoteDeps } from './run-verb.ts'
import { parseServer } from './server-origin.ts'

export interface LoginOptions {
  readonly username: string
  readonly passwordStdin?: boolean
  readonly caFile?: string
}

/** `berth login SERVER`: keeps who somebody is once the server has said that it is so. */
export async function login(server: string, options: LoginOptions, deps: RemoteDeps): Promise<number> {
  const { say, print, printError, logins } = deps
  const origin = parseServer(server)
  if (origin === undefined) {
    printError(`berth: ${say('remote.not-a-server', { server })}\n`)
    return exitCodes.usage
  }
  const question = say('login.password', { user: options.username })
  const secret = await readSecret({ question, piped: options.passwordStdin === true }, deps.input)
  if (secret === undefined || secret === '') {
    printError(`berth: ${say('login.no-secret')}\n`)
    return exitCodes.usage
  }
  const caFile = options.caFile === undefined ? undefined : resolve(deps.cwd, options.caFile)
  const login = { user: options.username, secret, ...(caFile === undefined ? {} : { caFile }) }
  try {
    const who = await clientOf({ origin, login }, deps).call('whoami', {})
    logins.keep(origin, login)
    print(`${say(who.mustChange ? 'login.must-change' : 'login.done', { server: origin, user: who.name })}\n`)
    return exitCodes.done
  } catch (error) {
    if (error instanceof ServerProblem && error.status === 401) {
      printError(`berth: ${say('login.refused', { server: origin, user: options.username, reason: error.message })}\n`)
      return exitCodes.refused
    }
    const { text, code } = describeFailure(error, origin, say)
    printError(text)
    return code
  }
}

/** `berth password`: a new one for whoever is logged in with a password. */
export async function changePassword(options: { readonly passwordStdin?: boolean; readonly server?: string }, deps: RemoteDeps): Promise<number> {
  const { say, print, printError, logins } = deps
  const found = findServer(options.server, deps)
  if (found?.login === undefined) {
    printError(`berth: ${say('remote.no-login')}\n`)
    return exitCodes.usage
  }
  const { origin, login } = found
  const piped = options.passwordStdin === true
  try {
    const password = await readSecret({ question: say('password.new', { user: login.user }), again: say('password.again'), piped }, deps.input)
    if (password === undefined || password === '') throw new UsageFault('login.no-secret', {})
    await clientOf(found, deps).call('changeOwnPassword', { body: { current: login.secret, password } })
    logins.keep(origin, { ...login, secret: password })
    print(`${say('password.done', { user: login.user })}\n`)
    return exitCodes.done
  } catch (error) {
    const { text, code } = describeFailure(error, origin, say)
    printError(text)
    return code
  }
}

/** `berth logout [SERVER]`: forgets the secret. It goes on being good until it is revoked or changed. */
export function logout(server: string | undefined, { say, print, printError, logins }: RemoteDeps): number {
  const origin = server === undefined ? logins.find(undefined)?.origin : parseServer(server)
  if (origin === undefined) {
    printError(`berth: ${server === undefined ? say('remote.no-login') : say('remote.not-a-server', { server })}\n`)
    return exitCodes.usage
  }
  const forgotten = logins.forget(origin)
  print(`${say(forgotten ? 'logout.done' : 'logout.none', { server: origin })}\n`)
  return exitCodes.done
}
