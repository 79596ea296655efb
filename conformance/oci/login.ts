export interface Credentials {
  readonly username: string
  readonly password: string
}

/**
 * When and how credentials are shown. `asked` is what the official program does: nothing until the first 401, then Basic, or a token that
 * is used again for the same. With `anew` every request gets a token of its own, and `basic` shows user and password unasked.
 */
export const loginWays = ['asked', 'anew', 'basic'] as const
export type LoginWay = (typeof loginWays)[number]

/** Answers a registry's challenges. */
export interface Login {
  /** What is known already for such a request, or undefined. */
  known(method: string, path: string): string | undefined
  /**
   * Answers a challenge. Returns the value of Authorization.
   * @throws Error when it is none that can be answered, or the token server refuses
   */
  answer(method: string, path: string, challenge: string | null): Promise<string>
}

const tokenPatience = 30_000

/** @param registry the URL of the registry; an encrypted one may not send the password to an open realm */
export function createLogin(registry: string, credentials: Credentials, way: LoginWay = 'asked'): Login {
  const basic = `Basic ${Buffer.from(`${credentials.username}:${credentials.password}`).toString('base64')}`
  const tokens = new Map<string, string>()
  let scheme: 'Basic' | 'Bearer' | undefined = way === 'basic' ? 'Basic' : undefined

  return Object.freeze({
    known: (method: string, path: string) => (scheme === 'Basic' ? basic : tokens.get(cacheKey(method, path))),
    async answer(method: string, path: string, challenge: string | null) {
      if (way === 'basic') throw new Error(`user and password were not accepted: 401 to ${method} ${path}`)
      const { name, parameters } = parseChallenge(challenge)
      scheme = name
      if (name === 'Basic') return basic
      const token = `Bearer ${await fetchToken(registry, parameters, basic)}`
      if (way === 'asked') tokens.set(cacheKey(method, path), token)
      return token
    },
  })
}

/** The repository and what is done to it; a token for one is used for all requests alike. */
function cacheKey(method: string, path: string): string {
  const repository = /^\/v2\/(.+)\/(?:blobs|manifests|tags|referrers)\//.exec(path)?.[1] ?? ''
  const action = method === 'GET' || method === 'HEAD' ? 'pull' : method === 'DELETE' ? 'delete' : 'push'
  return `${action} ${repository}`
}

interface Challenge {
  readonly name: 'Basic' | 'Bearer'
  readonly parameters: Readonly<Record<string, string>>
}

/** Values in quotes, as the official program wants them. */
export function parseChallenge(challenge: string | null): Challenge {
  const name = /^(Basic|Bearer) /i.exec(`${challenge} `)?.[1]?.toLowerCase()
  const pairs = [...(challenge ?? '').matchAll(/(\w+)="([^"]*)"/g)].map(([, key = '', value = '']) => [key, value])
  const parameters: Record<string, string> = Object.fromEntries(pairs)
  if (name === 'basic') return { name: 'Basic', parameters }
  if (name === 'bearer' && parameters['realm'] !== undefined) return { name: 'Bearer', parameters }
  throw new Error(`401 with a challenge that no client understands: ${challenge}`)
}

async function fetchToken(registry: string, parameters: Challenge['parameters'], basic: string): Promise<string> {
  const realm = new URL(parameters['realm'] ?? '', registry)
  if (registry.startsWith('https:') && realm.protocol !== 'https:') {
    throw new Error(`the password would go unencrypted to ${realm.origin}`)
  }
  for (const name of ['service', 'scope']) {
    const value = parameters[name]
    if (value !== undefined) realm.searchParams.set(name, value)
  }
  const signal = AbortSignal.timeout(tokenPatience)
  const response = await fetch(realm, { headers: { authorization: basic }, redirect: 'error', signal })
  if (!response.ok) throw new Error(`the token server at ${realm.origin}${realm.pathname} answered ${response.status}`)
  const { token, access_token = token } = (await response.json()) as { token?: string; access_token?: string }
  if (typeof access_token !== 'string' || access_token === '') throw new Error('the answer of the token server holds no token')
  return access_token
}
