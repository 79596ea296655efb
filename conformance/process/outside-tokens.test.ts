import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { createHmac, createPublicKey, generateKeyPairSync, type KeyObject } from 'node:crypto'
import { describeTools } from '../clients/describe-tools.ts'
import { digestOf } from '../digest.ts'
import { parseChallenge } from '../oci/login.ts'
import { startServer, type Server } from '../server.ts'
import { algorithms, type Algorithm, claimsOf, namings, type Naming, type Signer, signedToken, startTokenService, type TokenService } from './token-service.ts'

setDefaultTimeout(180_000)

const strangers: Readonly<Record<Algorithm, KeyObject>> = {
  RS256: generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey,
  ES256: generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey,
  EdDSA: generateKeyPairSync('ed25519').privateKey,
}

describeTools(['openssl'], () => {
  let service: TokenService
  let server: Server
  beforeAll(async () => {
    service = await startTokenService()
    server = await startServer({ env: { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: 'plum-Canoe 77 riddle', ...service.env } })
  })
  afterAll(async () => {
    expect(await server.stop()).toBe(0)
    await service.stop()
  })

  const send = (method: string, path: string, headers: Record<string, string> = {}, body?: string) =>
    fetch(new URL(path, server.url), { method, headers, ...(body === undefined ? {} : { body }) })

  /** As a client does it: asks, reads the challenge, gets a token there, and asks again. */
  async function tokenFor(method: string, path: string): Promise<string> {
    const refused = await send(method, path)
    expect(refused.status).toBe(401)
    const { parameters } = parseChallenge(refused.headers.get('www-authenticate'))
    expect([parameters['realm'], parameters['service']]).toEqual([service.realm, service.service])
    const query = new URLSearchParams({ service: parameters['service'] ?? '', scope: parameters['scope'] ?? '' })
    const given = await fetch(`${parameters['realm']}?${query.toString()}`, { headers: { authorization: service.login } })
    return ((await given.json()) as { token: string }).token
  }

  async function pushAndPull(repository: string): Promise<void> {
    const push = { authorization: `Bearer ${await tokenFor('POST', `/v2/${repository}/blobs/uploads/`)}` }
    expect((await send('POST', `/v2/${repository}/blobs/uploads/?digest=${digestOf('{}')}`, push, '{}')).status).toBe(201)
    const mediaType = 'application/vnd.oci.image.manifest.v1+json'
    const manifest = JSON.stringify({ schemaVersion: 2, mediaType, config: { mediaType: 'application/vnd.oci.image.config.v1+json', digest: digestOf('{}'), size: 2 }, layers: [] })
    expect((await send('PUT', `/v2/${repository}/manifests/v1`, { ...push, 'content-type': mediaType }, manifest)).status).toBe(201)
    const pull = { authorization: `Bearer ${await tokenFor('GET', `/v2/${repository}/manifests/v1`)}` }
    expect(await (await send('GET', `/v2/${repository}/manifests/v1`, pull)).text()).toBe(manifest)
    expect((await send('DELETE', `/v2/${repository}/manifests/v1`, pull)).status).toBe(401)
  }

  const ways = algorithms.flatMap((algorithm) => namings.map((naming) => [algorithm, naming] as const))
  test.each(ways)('a token signed with %s, its key named by %s, pushes and pulls; its forged twins do not', async (algorithm, naming) => {
    const signer = service.signer(algorithm, naming)
    service.use(signer)
    const repository = `outside/${algorithm.toLowerCase()}-${naming}`
    await pushAndPull(repository)
    const claims = { ...claimsOf(service), access: [{ type: 'repository', name: repository, actions: ['pull', 'push'] }] }
    const ask = async (token: string): Promise<string> => {
      const answer = await send('GET', `/v2/${repository}/manifests/v1`, { authorization: `Bearer ${token}` })
      return `${answer.status} ${/error="(\w+)"/.exec(answer.headers.get('www-authenticate') ?? '')?.[1] ?? ''}`
    }
    expect(await ask(signedToken(signer, claims))).toBe('200 ')
    for (const [what, token] of Object.entries(forged(signer, claims, algorithm, naming))) {
      // What is longer than a token is not read as one.
      expect([what, await ask(token)]).toEqual([what, token.length > 8_192 ? '401 ' : '401 invalid_token'])
      expect([what, await ask(signedToken(signer, claims))]).toEqual([what, '200 '])
    }
    for (const access of [[], [{ type: 'repository', name: `${repository}2`, actions: ['pull'] }], [{ type: 'repository', name: repository, actions: ['push'] }]]) {
      expect([access, await ask(signedToken(signer, { ...claims, access }))]).toEqual([access, '401 insufficient_scope'])
    }
  })

  function forged(signer: Signer, claims: ReturnType<typeof claimsOf>, algorithm: Algorithm, naming: Naming): Record<string, string> {
    const [head = '', body = '', signature = ''] = signedToken(signer, claims).split('.')
    const bytes = Buffer.from(signature, 'base64url')
    bytes[7] = (bytes[7] ?? 0) ^ 1
    const encode = (part: object): string => Buffer.from(JSON.stringify(part)).toString('base64url')
    const says = (changes: object): string => signedToken(signer, { ...claims, ...changes })
    const stranger = strangers[algorithm]
    const jwk = createPublicKey(stranger).export({ format: 'jwk' })
    const hmacHead = encode({ typ: 'JWT', ...signer.header, alg: 'HS256' })
    const pem = createPublicKey(signer.key).export({ type: 'spki', format: 'pem' })
    const other = namings[(namings.indexOf(naming) + 1) % namings.length] ?? naming
    return {
      'a bit of the signature': `${head}.${body}.${bytes.toString('base64url')}`,
      'no signature': `${head}.${body}.`,
      'alg none': `${encode({ typ: 'JWT', ...signer.header, alg: 'none' })}.${body}.`,
      'HS256 with the public key': `${hmacHead}.${body}.${createHmac('sha256', pem).update(`${hmacHead}.${body}`).digest('base64url')}`,
      'another body': `${head}.${encode({ ...claims, sub: 'admin' })}.${signature}`,
      'signed by a stranger': signedToken({ key: stranger, header: signer.header }, claims),
      'signed by a stranger who brings the key': signedToken({ key: stranger, header: { ...signer.header, jwk } }, claims),
      'the key under the name of another': signedToken({ key: signer.key, header: service.signer(algorithm, other).header }, claims),
      'another audience': says({ aud: 'registry.elsewhere' }),
      'another issuer': says({ iss: 'tokens.elsewhere' }),
      'ended': says({ iat: claims.iat - 900, nbf: claims.nbf - 900, exp: claims.exp - 900 }),
      'to come': says({ nbf: claims.nbf + 600 }),
      'issued in an hour': says({ iat: claims.iat + 3_600, exp: claims.exp + 7_200 }),
      'without an end': says({ exp: undefined }),
      'without a beginning': says({ iat: undefined }),
      'a token of 64 KB': says({ jti: 'x'.repeat(65_536) }).slice(0, 12_000),
    }
  }

  test('what it issues itself, and its own robots, are nothing beside that service', async () => {
    expect((await send('GET', '/token')).status).toBe(404)
  })
})
