import { X509Certificate, createPrivateKey, createSign } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'

/** Gives tokens as docker-registry wants them, to one user, and counts them. */
export interface TokenServer {
  readonly realm: string
  readonly issuer: string
  readonly service: string
  /** PEM, for whoever checks the tokens. */
  readonly certificate: string
  /** The scope of every token it gave. */
  readonly scopes: string[]
  stop(): Promise<void>
}

export async function startTokenServer(username: string, password: string): Promise<TokenServer> {
  const folder = temporaryFolder()
  const [keyFile, certificateFile] = [join(folder.path, 'key.pem'), join(folder.path, 'certificate.pem')]
  const request = 'req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=tokens'.split(' ')
  await succeed(['openssl', ...request, '-keyout', keyFile, '-out', certificateFile])
  const [key, certificate] = [createPrivateKey(readFileSync(keyFile)), readFileSync(certificateFile, 'utf8')]
  folder.remove()
  const [issuer, service, scopes] = ['tokens.test', 'registry.test', [] as string[]]
  const x5c = [new X509Certificate(certificate).raw.toString('base64')]
  const expected = `Basic ${Buffer.from(`${username}:${password}`).toString('base64')}`

  const encode = (part: unknown) => Buffer.from(JSON.stringify(part)).toString('base64url')
  function tokenFor(scope: string): string {
    const now = Math.floor(Date.now() / 1000)
    const claims = { iss: issuer, sub: username, aud: service, exp: now + 300, nbf: now - 10, iat: now, jti: crypto.randomUUID() }
    const access = scope === '' ? [] : scope.split(' ').map(grant)
    const unsigned = `${encode({ typ: 'JWT', alg: 'RS256', x5c })}.${encode({ ...claims, access })}`
    return `${unsigned}.${createSign('RSA-SHA256').update(unsigned).sign(key, 'base64url')}`
  }

  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: (asked) => {
      const query = new URL(asked.url).searchParams
      const welcome = asked.headers.get('authorization') === expected && query.get('service') === service
      if (!welcome) return new Response('', { status: 401 })
      const scope = query.getAll('scope').join(' ')
      scopes.push(scope)
      return Response.json({ token: tokenFor(scope), expires_in: 300 })
    },
  })
  const stop = () => server.stop(true)
  return Object.freeze({ realm: `${server.url.origin}/token`, issuer, service, certificate, scopes, stop })
}

/** `repository:a/b:pull,push` as a claim: everything that is asked for. */
function grant(scope: string): { type: string; name: string; actions: string[] } {
  const [type = '', name = '', actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',') }
}
