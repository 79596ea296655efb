import { beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { forEachServer } from '../for-each-server.ts'
import { runProgram } from '../run-program.ts'
import { startServer } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'

setDefaultTimeout(180_000)

const password = 'plum-Canoe 77 riddle'
const env = { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: password }
const login = { authorization: `Basic ${btoa(`admin:${password}`)}` }

interface Jwk {
  readonly kid: string
  readonly kty: string
  readonly crv: string
  readonly x: string
}

/** Of a key of 32 bytes, as RFC 8410 writes it in DER. */
const spki = (x: string): Buffer => Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), Buffer.from(x, 'base64url')])

async function openssl(key: Jwk, signed: string, signature: Buffer): Promise<boolean> {
  const folder = temporaryFolder()
  const at = (name: string, bytes: Buffer | string): string => {
    const path = join(folder.path, name)
    writeFileSync(path, bytes)
    return path
  }
  try {
    const files = ['-inkey', at('key', spki(key.x)), '-in', at('signed', signed), '-sigfile', at('signature', signature)]
    return (await runProgram(['openssl', 'pkeyutl', '-verify', '-pubin', '-keyform', 'DER', '-rawin', ...files])).code === 0
  } finally {
    folder.remove()
  }
}

async function webCrypto({ kty, crv, x }: Jwk, signed: string, signature: Buffer): Promise<boolean> {
  const key = await crypto.subtle.importKey('jwk', { kty, crv, x }, 'Ed25519', false, ['verify'])
  return await crypto.subtle.verify('Ed25519', key, new Uint8Array(signature), new TextEncoder().encode(signed))
}

describeTools(['openssl'], () => {
  forEachServer(
    'the tokens of a server',
    (server) => {
      let keys: Jwk[]
      beforeAll(async () => {
        const answer = await fetch(`${server().url}/token/jwks.json`)
        keys = ((await answer.json()) as { keys: Jwk[] }).keys
      })

      test('are good for whoever has nothing but the published keys, and forged ones are not', async () => {
        const answer = await fetch(`${server().url}/token?service=&scope=repository:team/app:pull`, { headers: login })
        const { token } = (await answer.json()) as { token: string }
        const [head = '', body = '', signature = ''] = token.split('.')
        const header = JSON.parse(Buffer.from(head, 'base64url').toString()) as { alg: string; kid: string }
        const key = keys.find(({ kid }) => kid === header.kid)
        if (key === undefined) throw new Error(`no key ${header.kid} is published`)
        expect([header.alg, key.kty, key.crv]).toEqual(['EdDSA', 'OKP', 'Ed25519'])
        const bytes = Buffer.from(signature, 'base64url')
        const forged = Buffer.from(bytes)
        forged[9] = (forged[9] ?? 0) ^ 4
        for (const verify of [openssl, webCrypto]) {
          expect(await verify(key, `${head}.${body}`, bytes)).toBe(true)
          expect(await verify(key, `${head}.${body}`, forged)).toBe(false)
          expect(await verify(key, `${head}.${body}A`, bytes)).toBe(false)
        }
        const claims = JSON.parse(Buffer.from(body, 'base64url').toString()) as Record<string, unknown>
        const challenge = (await fetch(`${server().url}/v2/`)).headers.get('www-authenticate') ?? ''
        expect(claims).toMatchObject({ sub: 'admin', aud: /service="([^"]*)"/.exec(challenge)?.[1], iss: expect.any(String) as string })
        expect(Number(claims['exp']) - Number(claims['iat'])).toBeWithin(60, 901)
      })

      test('have keys of which nothing secret is published', () => {
        for (const key of keys) expect(Object.keys(key).sort()).toEqual(['alg', 'crv', 'kid', 'kty', 'use', 'x'])
      })

      test('are nothing to another server, nor are its tokens here', async () => {
        const other = await startServer({ env })
        try {
          const tokenOf = async (url: string) => ((await (await fetch(`${url}/token`, { headers: login })).json()) as { token: string }).token
          const ask = async (url: string, token: string): Promise<number> => (await fetch(`${url}/v2/`, { headers: { authorization: `Bearer ${token}` } })).status
          const urls = [server().url, other.url]
          for (const from of urls) {
            const token = await tokenOf(from)
            for (const to of urls) expect([from === to, await ask(to, token)]).toEqual([from === to, from === to ? 200 : 401])
          }
        } finally {
          expect(await other.stop()).toBe(0)
        }
      })
    },
    { env },
  )
})
