import { afterAll, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describeTools } from '../clients/describe-tools.ts'
import { sqlite } from '../databases.ts'
import type { Outcome } from '../checks/run-check.ts'
import { parseChallenge } from '../oci/login.ts'
import type { OtherProgram } from '../other-program.ts'
import type { Run } from '../program/report.ts'
import { runProgram, type Finished } from '../run-program.ts'
import { startServer, type Server } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { knownOutcome } from './differences.ts'
import { startDockerRegistry, startNginx } from './other-programs.ts'
import { startTokenServer, type TokenServer } from './token-server.ts'

setDefaultTimeout(120_000)

const [username, password] = ['checker', 'pass:word with spaces']
const folder = temporaryFolder()
afterAll(() => folder.remove())

/** Runs the program as users do. */
const check = (url: string, options: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Finished> =>
  runProgram([process.execPath, join(import.meta.dir, '../main.ts'), url, '--only', 'mounts/', ...options], { env })

/** What it finds, when that is what is known without a login too. */
async function expectKnown(url: string, options: readonly string[], known: (check: string) => Outcome, env = {}): Promise<void> {
  const report = join(folder.path, 'report.json')
  const { code, err } = await check(url, [...options, '--report', report], env)
  expect(err).toBe(`report: ${report}\n`)
  const { results } = (await Bun.file(report).json()) as Run
  const found = results.map((result) => [result.check, result.outcome])
  expect(found).toEqual(results.map((result) => [result.check, known(result.check)]))
  expect(code).toBe(results.some(({ outcome }) => outcome === 'failed') ? 1 : 0)
  expect(results.length).toBeGreaterThan(10)
}

function withPassword(): string[] {
  const file = join(folder.path, 'password')
  writeFileSync(file, `${password}\n`)
  return ['--username', username, '--password-file', file]
}

describeTools(['docker-registry', 'openssl'], () => {
  describe('with a password', () => {
    let registry: OtherProgram | undefined
    beforeAll(async () => {
      const line = `${username}:${await Bun.password.hash(password, { algorithm: 'bcrypt', cost: 4 })}\n`
      const auth = 'auth:\n  htpasswd:\n    realm: test\n    path: FOLDER/passwords\n'
      registry = await startDockerRegistry(auth, { passwords: line })
    })
    afterAll(() => registry?.stop())

    test('of the command line', async () => {
      await expectKnown(registry?.url ?? '', withPassword(), knownOutcome)
    })

    test('of a configuration that docker login wrote', async () => {
      const config = join(folder.path, 'docker')
      mkdirSync(config)
      const auth = Buffer.from(`${username}:${password}`).toString('base64')
      writeFileSync(join(config, 'config.json'), JSON.stringify({ auths: { [new URL(registry?.url ?? '').host]: { auth } } }))
      await expectKnown(registry?.url ?? '', [], knownOutcome, { DOCKER_CONFIG: config })
    })

    test('that is missing or wrong, nothing is checked', async () => {
      const wrong = join(folder.path, 'wrong')
      writeFileSync(wrong, 'wrong')
      for (const options of [[], ['--username', username, '--password-file', wrong]]) {
        const { code, out, err } = await check(registry?.url ?? '', options)
        expect([code, out, err]).toEqual([2, '', expect.stringContaining('401')])
      }
    })
  })

  describe('with tokens', () => {
    let tokens: TokenServer | undefined
    let registry: OtherProgram | undefined
    beforeAll(async () => {
      tokens = await startTokenServer(username, password)
      const { realm, issuer, service, certificate } = tokens
      const lines = [`realm: ${realm}`, `service: ${service}`, `issuer: ${issuer}`, 'rootcertbundle: FOLDER/root']
      const auth = `auth:\n  token:\n    ${lines.join('\n    ')}\n`
      registry = await startDockerRegistry(auth, { root: certificate })
    })
    afterAll(async () => {
      await registry?.stop()
      await tokens?.stop()
    })

    test('of the server that the challenge names', async () => {
      // A scope is a list divided by spaces, so this from asks for what no token server can give.
      const known = (name: string) => (name === 'mounts/from-no-name-of-a-repository' ? 'failed' : knownOutcome(name))
      await expectKnown(registry?.url ?? '', [...withPassword(), '--repository', 'team/checks'], known)
      expect(tokens?.scopes.some((scope) => /^repository:team\/checks\/\S+:pull,push$/.test(scope))).toBe(true)
    })
  })
})

describeTools(['nginx'], () => {
  let server: Server | undefined
  let proxy: OtherProgram | undefined
  beforeAll(async () => {
    server = await startServer({ env: (await sqlite.create()).env })
    proxy = await startNginx(server.url, `${username}:{SHA}${new Bun.CryptoHasher('sha1').update(password).digest('base64')}\n`)
  })
  afterAll(async () => {
    await proxy?.stop()
    await server?.stop()
  })

  test('Berth behind a proxy that asks for a password keeps all of its promises', async () => {
    await expectKnown(proxy?.url ?? '', [...withPassword(), '--level', 'berth'], () => 'passed')
  })
})

test.each([
  ['Basic realm="a b"', { name: 'Basic', parameters: { realm: 'a b' } }],
  ['basic', { name: 'Basic', parameters: {} }],
  ['Bearer realm="http://x/token",service="y",scope="repository:a:pull,push"', {
    name: 'Bearer',
    parameters: { realm: 'http://x/token', service: 'y', scope: 'repository:a:pull,push' },
  }],
])('the challenge %j', (text, challenge) => {
  expect(parseChallenge(text)).toEqual(challenge as ReturnType<typeof parseChallenge>)
})

const noChallenges = [null, '', 'Digest realm="x"', 'Bearer service="x"', 'Bearer realm=x', 'Basically realm="x"']
test.each(noChallenges)('%j is no challenge', (text) => {
  expect(() => parseChallenge(text)).toThrow('no client understands')
})
