import { createHash, createPrivateKey, createPublicKey, type KeyObject, sign, X509Certificate } from 'node:crypto'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { succeed } from '../run-program.ts'
import { temporaryFolder } from '../temporary-folder.ts'

export const algorithms = ['RS256', 'ES256', 'EdDSA'] as const
export type Algorithm = (typeof algorithms)[number]
/** How a token says which key it was signed with: by an id of the key set, by a chain of certificates, by the fingerprint of a certificate. */
export const namings = ['jwks', 'x5c', 'fingerprint'] as const
export type Naming = (typeof namings)[number]

/** A key of the token service, and what tokens signed with it say in their headers. */
export interface Signer {
  readonly key: KeyObject
  readonly header: Readonly<Record<string, unknown>>
}

/** A little token service as companies have one: it knows `alice`, and gives her what she asks for. */
export interface TokenService {
  readonly realm: string
  readonly issuer: string
  readonly service: string
  /** What Berth is told of it. */
  readonly env: Readonly<Record<string, string>>
  readonly login: string
  signer(algorithm: Algorithm, naming: Naming): Signer
  /** With the next one of these it signs. */
  use(signer: Signer): void
  stop(): Promise<void>
}

const newKey: Readonly<Record<Algorithm, readonly string[]>> = {
  RS256: ['-newkey', 'rsa:2048'],
  ES256: ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256'],
  EdDSA: ['-newkey', 'ed25519'],
}

/** A token as RFC 7515 writes it, in a few lines of its own: nothing of Berth is asked. */
export function signedToken({ key, header }: Signer, claims: object): string {
  const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
  const text = `${encode({ typ: 'JWT', ...header })}.${encode(claims)}`
  const bytes = Buffer.from(text)
  const made =
    header['alg'] === 'EdDSA' ? sign(null, bytes, key) : sign('sha256', bytes, header['alg'] === 'ES256' ? { key, dsaEncoding: 'ieee-p1363' } : key)
  return `${text}.${made.toString('base64url')}`
}

export async function startTokenService(): Promise<TokenService> {
  const folder = temporaryFolder()
  const at = (name: string): string => join(folder.path, name)
  try {
    await certificate(at, 'root', newKey.ES256)
    await certificate(at, 'between', newKey.ES256, { issuer: 'root', ca: true })
    for (const algorithm of algorithms) {
      await certificate(at, `leaf-${algorithm}`, newKey[algorithm], { issuer: 'between', ca: false })
      await certificate(at, `own-${algorithm}`, newKey[algorithm])
      await certificate(at, `set-${algorithm}`, newKey[algorithm])
    }
    const pem = (name: string): string => readFileSync(at(`${name}.pem`), 'utf8')
    writeFileSync(at('roots.pem'), ['root', ...algorithms.map((each) => `own-${each}`)].map(pem).join(''))
    const jwks = algorithms.map((alg) => ({ ...new X509Certificate(pem(`set-${alg}`)).publicKey.export({ format: 'jwk' }), kid: `key ${alg}`, use: 'sig', alg }))
    writeFileSync(at('keys.json'), JSON.stringify({ keys: jwks }))
    const keyOf = (name: string): KeyObject => createPrivateKey(readFileSync(at(`${name}.key`)))
    const derOf = (name: string): string => new X509Certificate(pem(name)).raw.toString('base64')
    const signers: Readonly<Record<Naming, (algorithm: Algorithm) => Signer>> = {
      jwks: (alg) => ({ key: keyOf(`set-${alg}`), header: { alg, kid: `key ${alg}` } }),
      x5c: (alg) => ({ key: keyOf(`leaf-${alg}`), header: { alg, x5c: [derOf(`leaf-${alg}`), derOf('between')] } }),
      fingerprint: (alg) => ({ key: keyOf(`own-${alg}`), header: { alg, kid: thumbprintOf(keyOf(`own-${alg}`)) } }),
    }
    return serve((algorithm, naming) => signers[naming](algorithm), { roots: at('roots.pem'), keys: at('keys.json'), remove: () => folder.remove() })
  } catch (error) {
    folder.remove()
    throw error
  }
}

/** A key and its certificate, of its own or of an issuer. */
async function certificate(at: (name: string) => string, name: string, key: readonly string[], by?: { issuer: string; ca: boolean }): Promise<void> {
  const subject = ['-nodes', '-subj', `/CN=${name}`, '-keyout', at(`${name}.key`)]
  if (by === undefined) return void (await succeed(['openssl', 'req', '-x509', ...key, '-days', '2', ...subject, '-out', at(`${name}.pem`)]))
  await succeed(['openssl', 'req', '-new', ...key, ...subject, '-out', at(`${name}.csr`)])
  writeFileSync(at(`${name}.ext`), `basicConstraints=critical,CA:${by.ca ? 'TRUE' : 'FALSE'}\n`)
  const signed = ['-CA', at(`${by.issuer}.pem`), '-CAkey', at(`${by.issuer}.key`), '-CAcreateserial', '-days', '2', '-extfile', at(`${name}.ext`)]
  await succeed(['openssl', 'x509', '-req', '-in', at(`${name}.csr`), ...signed, '-out', at(`${name}.pem`)])
}

/** RFC 7638. */
function thumbprintOf(key: KeyObject): string {
  const { crv, e, kty, n, x, y } = createPublicKey(key).export({ format: 'jwk' })
  const members = kty === 'RSA' ? { e, kty, n } : kty === 'EC' ? { crv, kty, x, y } : { crv, kty, x }
  return createHash('sha256').update(JSON.stringify(members)).digest('base64url')
}

function serve(signer: TokenService['signer'], files: { roots: string; keys: string; remove(): void }): TokenService {
  const [issuer, service, password] = ['tokens.test', 'registry.test', crypto.randomUUID()]
  let used = signer('RS256', 'jwks')
  const login = `Basic ${btoa(`alice:${password}`)}`
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    fetch: ({ url, headers }) => {
      const query = new URL(url).searchParams
      if (headers.get('authorization') !== login || query.get('service') !== service) return new Response('', { status: 401 })
      const access = query.getAll('scope').join(' ').split(' ').filter(Boolean).map(entryOf)
      return Response.json({ token: signedToken(used, { ...claimsOf({ issuer, service }), access }), expires_in: 300 })
    },
  })
  const realm = `${server.url.origin}/auth`
  const env = { BERTH_TOKEN_REALM: realm, BERTH_TOKEN_SERVICE: service, BERTH_TOKEN_ISSUER: issuer, BERTH_TOKEN_ROOT_CERTIFICATES: files.roots, BERTH_TOKEN_JWKS: files.keys }
  const stop = async (): Promise<void> => {
    await server.stop(true)
    files.remove()
  }
  return Object.freeze<TokenService>({ realm, issuer, service, env, login, signer, use: (next) => void (used = next), stop })
}

/** Everything but `access`. */
export function claimsOf({ issuer, service }: Pick<TokenService, 'issuer' | 'service'>) {
  const now = Math.floor(Date.now() / 1000)
  return { iss: issuer, sub: 'alice', aud: service, exp: now + 300, nbf: now - 10, iat: now, jti: crypto.randomUUID() }
}

function entryOf(scope: string): { type: string; name: string; actions: string[] } {
  const [type = '', name = '', actions = ''] = scope.split(':')
  return { type, name, actions: actions.split(',') }
}
