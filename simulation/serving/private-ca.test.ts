import { afterAll, beforeAll, expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { makeCertificate } from '../../src/http/front/certificates.testing.ts'
import { startServer, type ServerProcess } from '../rig/server-process.ts'

setDefaultTimeout(180_000)

const launcher = join(import.meta.dir, '../../berth')
const password = 'plum-Canoe 77 riddle'
const { chain, key } = makeCertificate()

let folder: string
let ca: string
let server: ServerProcess
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'berth-private-ca-'))
  ca = join(folder, 'tls.crt')
  writeFileSync(ca, chain)
  writeFileSync(join(folder, 'tls.key'), key)
  const settings = { BERTH_OPEN: 'false', BERTH_ADMIN_PASSWORD: password, BERTH_TLS_CERTIFICATE: ca, BERTH_TLS_KEY: join(folder, 'tls.key') }
  server = await startServer({ data: join(folder, 'data'), settings, ca: chain })
})
afterAll(async () => {
  await server.stop()
  rmSync(folder, { recursive: true })
})

/** Runs the program with a folder for its logins of its own; answers the exit code and what it printed. */
async function berth(home: string, words: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<{ code: number; out: string }> {
  const child = Bun.spawn([launcher, ...words], {
    cwd: folder,
    env: { PATH: process.env['PATH'], HOME: join(folder, home), LANG: 'C', ...env },
    stdio: [new TextEncoder().encode(`${password}\n`), 'pipe', 'pipe'],
  })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  return { code, out: out + err }
}

const login = (...more: readonly string[]) => ['login', server.url, '-u', 'admin', '--password-stdin', ...more]

test('a server with a private CA is not believed without it', async () => {
  expect((await berth('nobody', login())).code).toBe(7)
})

test('nor with another one', async () => {
  writeFileSync(join(folder, 'other.crt'), makeCertificate({ name: 'other' }).chain)
  expect((await berth('other', login('--ca-file', 'other.crt'))).code).toBe(7)
})

test('--ca-file names it once: the login keeps it', async () => {
  expect(await berth('kept', login('--ca-file', 'tls.crt'))).toMatchObject({ code: 0 })
  expect(await berth('kept', ['whoami', '-o', 'json'])).toMatchObject({ code: 0, out: expect.stringContaining('"admin"') })
})

test.each(['SSL_CERT_FILE', 'NODE_EXTRA_CA_CERTS'])('%s is understood', async (name) => {
  expect(await berth(name, login(), { [name]: ca })).toMatchObject({ code: 0 })
  expect((await berth(name, ['whoami'])).code).toBe(7)
})
