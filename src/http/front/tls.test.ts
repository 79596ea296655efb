import { afterEach, beforeEach, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { randomBytes } from 'node:crypto'
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, type TLSSocket } from 'node:tls'
import { systemClock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import { watchedFiles } from '../listener-files.ts'
import { openRawSocket, parseRawAnswer } from '../raw-socket.testing.ts'
import { makeCertificate, type TestCertificate } from './certificates.testing.ts'
import { type FrontListener, listenBehindFront, readCertificate } from './index.ts'

setDefaultTimeout(60_000)

const blob = Buffer.concat(Array.from({ length: 16 }, () => randomBytes(1024 * 1024)))
const blobHash = new Bun.CryptoHasher('sha256').update(blob).digest('hex')

let folder: string
let front: FrontListener
let inUse: TestCertificate
const log: { msg: string; reason?: string }[] = []

async function answer(request: Request, address: string): Promise<Response> {
  const { pathname } = new URL(request.url)
  if (pathname === '/blob') return new Response(blob)
  if (pathname === '/hash') {
    const hasher = new Bun.CryptoHasher('sha256')
    for await (const part of request.body ?? []) hasher.update(part)
    return new Response(hasher.digest('hex'))
  }
  return new Response(address)
}

function put(certificate: TestCertificate): void {
  inUse = certificate
  writeFileSync(join(folder, 'cert.pem'), certificate.chain)
  writeFileSync(join(folder, 'key.pem'), certificate.key)
}

async function open(minimum: '1.2' | '1.3' = '1.2', idle = 120): Promise<FrontListener> {
  const paths = { certificate: join(folder, 'cert.pem'), key: join(folder, 'key.pem') }
  const destination = { write: (line: string) => void log.push(JSON.parse(line)), close: () => Promise.resolve() }
  const logger = createLogger({ level: 'info', destination })
  const clock = systemClock
  const first = await readCertificate({ paths, files: watchedFiles, clock })
  const tls = { ...paths, minimum, first }
  const unlimited = { proxies: [], connections: { all: undefined, perAddress: undefined } }
  return listenBehindFront({ ...unlimited, hostname: '127.0.0.1', port: 0, fetch: answer, logger, clock, files: watchedFiles, idle, tls })
}

beforeEach(async () => {
  log.length = 0
  folder = mkdtempSync(join(tmpdir(), 'berth-tls-'))
  put(makeCertificate())
  front = await open()
})

afterEach(async () => {
  await front.stop(0)
  rmSync(folder, { recursive: true })
})

/** One request; every certificate in `authorities` is trusted, and no other. */
function ask(path: string, authorities: readonly string[], init: RequestInit = {}): Promise<Response> {
  return fetch(`https://localhost:${front.port}${path}`, { ...init, tls: { ca: [...authorities] } })
}

/** The certificate that a new connection is shown. */
async function shown(): Promise<string> {
  const socket = await secured()
  const { raw } = socket.getPeerCertificate()
  socket.destroy()
  return raw.toString('base64')
}

const derOf = ({ chain }: TestCertificate): string => chain.replaceAll(/-----[^-]+-----|\n/g, '')

function secured(options: { minVersion?: 'TLSv1.2'; maxVersion?: 'TLSv1.2' | 'TLSv1.1' } = {}): Promise<TLSSocket> {
  return new Promise((resolve, reject) => {
    const socket: TLSSocket = connect({ host: '127.0.0.1', port: front.port, ca: inUse.chain, servername: 'localhost', ...options }, () =>
      resolve(socket),
    )
    socket.on('error', reject)
  })
}

describe('a client', () => {
  test('is answered over TLS 1.3, by name and by address, and known by its own address', async () => {
    expect(front.url).toBe(`https://127.0.0.1:${front.port}`)
    const socket = await secured()
    expect(socket.getProtocol()).toBe('TLSv1.3')
    socket.destroy()
    expect(await (await ask('/', [inUse.chain])).text()).toBe('127.0.0.1')
  })

  test('may speak TLS 1.2, unless 1.3 is the least', async () => {
    const socket = await secured({ maxVersion: 'TLSv1.2' })
    expect(socket.getProtocol()).toBe('TLSv1.2')
    socket.destroy()
    await front.stop(0)
    front = await open('1.3')
    await expect(secured({ maxVersion: 'TLSv1.2' })).rejects.toThrow()
    const newer = await secured()
    expect(newer.getProtocol()).toBe('TLSv1.3')
    newer.destroy()
  })

  const openssl = Bun.which('openssl')
  const skipped = openssl === null ? ' (skipped: no openssl)' : ''
  test.skipIf(openssl === null).each([
    ['-tls1_1', false],
    ['-tls1_2', true],
    ['-tls1_2 -cipher AES128-SHA:@SECLEVEL=0', false],
    ['-tls1_2 -cipher ECDHE-ECDSA-AES128-SHA:@SECLEVEL=0', false],
    ['-tls1_2 -cipher ECDHE-ECDSA-CHACHA20-POLY1305', true],
    ['-tls1_3', true],
  ])(`openssl s_client %s: %p${skipped}`, async (options, accepted) => {
    const flags = options.includes('-cipher') ? options : `${options} -cipher ALL:@SECLEVEL=0`
    const command = ['openssl', 's_client', '-connect', `127.0.0.1:${front.port}`, ...flags.split(' ')]
    const client = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
    const [out, code] = [await new Response(client.stdout).text(), await client.exited]
    expect([code === 0, /New, TLSv1.[23], Cipher is [A-Z]/.test(out)]).toEqual([accepted, accepted])
  })

  const curl = Bun.which('curl')
  test.skipIf(curl === null)(`curl sends and gets what it should${curl === null ? ' (skipped: no curl)' : ''}`, async () => {
    writeFileSync(join(folder, 'blob'), blob)
    const ca = ['--cacert', join(folder, 'cert.pem'), '--silent', '--show-error', '--fail']
    const at = (path: string) => `https://localhost:${front.port}${path}`
    const sent = Bun.spawn(['curl', ...ca, '-T', join(folder, 'blob'), at('/hash')], { stdout: 'pipe' })
    expect(await new Response(sent.stdout).text()).toBe(blobHash)
    const got = Bun.spawn(['curl', ...ca, at('/blob')], { stdout: 'pipe' })
    expect(Buffer.compare(await new Response(got.stdout).bytes(), blob)).toBe(0)
  })

  test('that speaks plain HTTP is told to use https', async () => {
    const socket = openRawSocket(front.port)
    socket.send('GET /v2/ HTTP/1.1\r\nHost: registry.test\r\n\r\n')
    const { status, headers, body } = parseRawAnswer(await socket.received())
    expect([status, headers['content-type']]).toEqual([400, 'application/json'])
    expect(JSON.parse(body).errors[0].message).toContain('https://')
    socket.finish()
  })

  test('finds no way past the front', async () => {
    // The port inside is known to nobody; all that listen on loopback are tried, as somebody on this machine could.
    const ports = [...(await Bun.file('/proc/self/net/tcp').text()).matchAll(/0100007F:([0-9A-F]{4}) 00000000:0000 0A/g)]
    let met = 0
    for (const [, digits = ''] of ports) {
      const port = Number.parseInt(digits, 16)
      if (port === front.port) continue
      const found = await fetch(`https://localhost:${port}/`, { tls: { ca: inUse.chain }, keepalive: false }).catch(() => undefined)
      if (found === undefined || !(await found.text()).includes('not for clients')) continue
      expect(found.status).toBe(403)
      met++
    }
    expect(met).toBe(1)
  })
})

describe('a new certificate', () => {
  test('is shown to new connections, once its files are there, and a bad one is not', async () => {
    const old = inUse
    expect(await shown()).toBe(derOf(old))
    const next = makeCertificate()
    writeFileSync(join(folder, 'cert.pem'), next.chain)
    await front.reload()
    expect(log.at(-1)?.reason).toContain('is not the key of')
    expect(await shown()).toBe(derOf(old))
    put(next)
    await front.reload()
    expect(await shown()).toBe(derOf(next))
  })

  test('comes by itself when a link is moved, as certbot and Kubernetes do', async () => {
    const next = makeCertificate()
    for (const [name, text] of [['cert', next.chain], ['key', next.key]] as const) {
      writeFileSync(join(folder, `${name}2.pem`), text)
      rmSync(join(folder, `${name}.pem`))
      symlinkSync(join(folder, `${name}2.pem`), join(folder, `${name}.pem`))
    }
    inUse = next
    const deadline = performance.now() + 20_000
    while ((await shown().catch(() => '')) !== derOf(next)) {
      if (performance.now() > deadline) throw new Error('it never came')
      await Bun.sleep(50)
    }
  })

  test('twenty of them fail no request, new connection or kept, and no transfer that runs', async () => {
    const all = Array.from({ length: 20 }, () => makeCertificate())
    const trusted = [inUse, ...all].map(({ chain }) => chain)
    const done = { fresh: 0, kept: 0 }
    let over = false

    async function load(kind: keyof typeof done): Promise<void> {
      while (!over) {
        const response = await ask('/', trusted, kind === 'fresh' ? { keepalive: false } : {})
        expect(await response.text()).toBe('127.0.0.1')
        done[kind]++
      }
    }
    /** A body that goes out little by little until the last certificate is in place. */
    async function* slowly(): AsyncGenerator<Uint8Array> {
      let at = 0
      for (; !over; at += 1000) {
        yield blob.subarray(at, at + 1000)
        await Bun.sleep(2)
      }
      yield blob.subarray(at)
    }
    async function upload(): Promise<void> {
      const response = await ask('/hash', trusted, { method: 'PUT', body: slowly() as unknown as ReadableStream })
      expect(await response.text()).toBe(blobHash)
    }
    async function download(): Promise<void> {
      const hasher = new Bun.CryptoHasher('sha256')
      const response = await ask('/blob', trusted)
      let length = 0
      for await (const part of response.body ?? []) {
        hasher.update(part)
        length += part.length
        while (!over && length > 1_000_000) await Bun.sleep(5)
      }
      expect(hasher.digest('hex')).toBe(blobHash)
    }

    const running = Promise.all([upload(), download(), load('fresh'), load('fresh'), load('kept'), load('kept'), load('kept')])
    for (const certificate of all) {
      const before = { ...done }
      put(certificate)
      await front.reload()
      // Each has to be met by both kinds.
      while (done.fresh < before.fresh + 3 || done.kept < before.kept + 3) await Promise.race([Bun.sleep(1), running])
    }
    over = true
    await running
    expect(log.filter(({ msg }) => msg === 'new connections get the new certificate')).toHaveLength(20)
    expect(await shown()).toBe(derOf(inUse))
  })
})
