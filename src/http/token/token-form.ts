import { type Authentication, formatScopes } from '../../access/index.ts'
import { errorBody, RegistryError } from '../../oci/index.ts'
import { type Answer, textAnswer } from '../answer.ts'
import { collectBody } from '../body.ts'
import { recognized } from './token-refusal.ts'
import { issue, jsonAnswer, type TokenCall, type TokenEndpointDeps, wantedScopes } from './token-request.ts'

/** Bytes of a form. A refresh token and scopes for a handful of repositories are some hundred. */
const longestForm = 16 * 1024

/** POST. containerd tries it first, and goes on with GET when it is told 400, 401, 404 or 405. */
export async function answerForm(deps: TokenEndpointDeps, call: TokenCall): Promise<Answer> {
  const { address } = call
  try {
    const form = await readForm(call)
    const who = recognized(await byGrant(deps, form, address))
    const scopes = wantedScopes(deps, form)
    const wanted = { who, scopes, offline: form.get('access_type') === 'offline', client: form.get('client_id') ?? '', address }
    const { answer, access } = await issue(deps, wanted)
    return jsonAnswer({ ...answer, scope: formatScopes(access) })
  } catch (error) {
    if (error instanceof RegistryError) return formError(error)
    throw error
  }
}

async function readForm(call: TokenCall): Promise<URLSearchParams> {
  const type = call.request.headers.get('content-type') ?? ''
  if (!/^application\/x-www-form-urlencoded\s*(?:;|$)/i.test(type)) throw invalid('send application/x-www-form-urlencoded')
  try {
    // So little a request may have in memory without a share of that for large manifests.
    const bytes = await collectBody(call, longestForm, { grow: () => undefined, close: () => undefined })
    return new URLSearchParams(Buffer.from(bytes).toString('utf8'))
  } catch (error) {
    if (error instanceof RegistryError && error.code === 'MANIFEST_TOO_LARGE') throw invalid('the form is too large')
    throw error
  }
}

async function byGrant({ authenticator, refreshTokens, service }: TokenEndpointDeps, form: URLSearchParams, address: string): Promise<Authentication> {
  const grant = form.get('grant_type')
  const [user, password, refresh] = [form.get('username'), form.get('password'), form.get('refresh_token')]
  if (grant === 'password') {
    if (user === null || password === null) throw invalid('username and password are missing')
    return await authenticator.basic(user, password, address)
  }
  if (grant !== 'refresh_token') throw invalid('grant_type is neither password nor refresh_token')
  if (refresh === null) throw invalid('refresh_token is missing')
  return await refreshTokens.redeem(refresh, service)
}

function invalid(message: string): RegistryError {
  return new RegistryError('REQUEST_INVALID', { message })
}

/** RFC 6749, section 5.2, and beside it the errors of a registry: docker shows their messages. */
function formError(error: RegistryError): Answer {
  const refused = error.code === 'UNAUTHORIZED' || error.code === 'DENIED'
  const word = refused ? 'invalid_grant' : error.status < 500 && error.status !== 429 ? 'invalid_request' : 'temporarily_unavailable'
  const body = { error: word, error_description: error.message, ...errorBody(error) }
  const headers = { ...error.headers, 'cache-control': 'no-store' }
  return { ...textAnswer(error.status, 'application/json', JSON.stringify(body), headers), code: error.code }
}
