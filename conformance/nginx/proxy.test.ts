import { afterAll, afterEach, beforeAll, describe, expect, setDefaultTimeout, test } from 'bun:test'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { blobsOf, createLayout } from '../clients/oci-layout.ts'
import { describeTools } from '../clients/describe-tools.ts'
import { digestOf } from '../digest.ts'
import { faults } from '../for-each-server.ts'
import { withQuery } from '../oci/client.ts'
import { freshBytes, freshRepository } from '../oci/content.ts'
import { measureMemory } from '../process/memory.ts'
import type { Run } from '../program/report.ts'
import { runProgram, succeed } from '../run-program.ts'
import { startServer, type Server } from '../server.ts'
import { temporaryFolder } from '../temporary-folder.ts'
import { until } from '../until.ts'
import { startNginx, type Nginx } from './start-nginx.ts'

setDefaultTimeout(120_000)

const MiB = 1024 ** 2

describeTools(['nginx', 'openssl', 'skopeo', 'crane', 'curl'], ({ skopeo, crane, curl }) => {
  const folder = temporaryFolder()
  let server: Server
  let nginx: Nginx
  let folders = 0
  const fresh = () => join(folder.path, String(folders++))

  beforeAll(async () => {
    server = await startServer({ env: { BERTH_HTTP_TRUSTED_PROXIES: '127.0.0.1' } })
    nginx = await startNginx('berth.conf', server.url)
  })
  afterAll(async () => {
    await nginx?.stop()
    expect([await server?.stop(), faults(server)]).toEqual([0, []])
    folder.remove()
  })
  afterEach(() => {
    const complaints = nginx.output().split('\n').filter((line) => /\[(warn|error|crit|alert|emerg)\]/.test(line))
    expect(complaints).toEqual([])
  })

  const host = () => new URL(nginx.url).host
  const options = () => ({
    env: { HOME: folder.path, DOCKER_CONFIG: folder.path, TMPDIR: folder.path, SSL_CERT_FILE: nginx.certificateFile },
    cwd: folder.path,
  })
  const ask = (...words: string[]) => succeed([curl, '-sS', '--cacert', nginx.certificateFile, ...words])
  const lines = () => server.output().split('\n').filter((line) => line.includes('"msg":"request"'))
  const lineOf = (what: string): Promise<Record<string, unknown>> =>
    until(`a line of the log with ${what}`, () => {
      const found = lines().find((line) => line.includes(what))
      return found === undefined ? undefined : (JSON.parse(found) as Record<string, unknown>)
    })

  async function upload(bytes: Uint8Array<ArrayBuffer>, repository = freshRepository()): Promise<string> {
    const digest = digestOf(bytes)
    const begun = await nginx.ask('POST', `/v2/${repository}/blobs/uploads/`)
    const location = withQuery(begun.headers.get('location') ?? '', { digest })
    expect((await nginx.ask('PUT', location, { body: bytes })).status).toBe(201)
    return `/v2/${repository}/blobs/${digest}`
  }

  describe('the sample for a proxy', () => {
    test('skopeo and crane push and pull, with the same digests', async () => {
      const layout = createLayout(fresh())
      const image = layout.addImage(5, 3 * MiB)
      layout.tag(image, 'one')
      const [bySkopeo, byCrane] = [fresh(), fresh()]
      const verify = ['--src-cert-dir', `${folder.path}/certs`, '--dest-cert-dir', `${folder.path}/certs`]
      await succeed(['mkdir', '-p', `${folder.path}/certs`])
      writeFileSync(join(folder.path, 'certs/ca.crt'), nginx.certificate)
      const copy = [skopeo, '--insecure-policy', 'copy', '--preserve-digests', ...verify]
      await succeed([...copy, `oci:${layout.path}:one`, `docker://${host()}/proxy/skopeo:1`], options())
      expect(await succeed([crane, 'digest', `${host()}/proxy/skopeo:1`], options())).toBe(`${image.digest}\n`)
      await succeed([crane, 'pull', '--format', 'oci', `${host()}/proxy/skopeo:1`, byCrane], options())
      await succeed([crane, 'push', layout.path, `${host()}/proxy/crane:1`], options())
      await succeed([...copy, `docker://${host()}/proxy/crane@${image.digest}`, `oci:${bySkopeo}:one`], options())
      expect([blobsOf(byCrane), blobsOf(bySkopeo)]).toEqual([blobsOf(layout.path), blobsOf(layout.path)])
    })

    test('all that clients may rely on holds through it', async () => {
      const report = join(folder.path, 'report.json')
      const command = [process.execPath, join(import.meta.dir, '../main.ts'), nginx.url, '--report', report]
      await runProgram(command, { env: { NODE_EXTRA_CA_CERTS: nginx.certificateFile } })
      const { results } = JSON.parse(readFileSync(report, 'utf8')) as Run
      const wrong = results.filter(({ outcome, level }) => outcome === 'failed' && level !== 'berth')
      expect(wrong.map(({ check, reason }) => [check, reason])).toEqual([])
      expect(results.filter(({ outcome }) => outcome === 'passed').length).toBeGreaterThan(150)
    })

    test('300 MB in chunks and back leave the memory of both flat', async () => {
      const block = freshBytes(256 * 1024)
      const hasher = new Bun.CryptoHasher('sha256')
      for (let at = 0; at < huge; at += block.length) hasher.update(block)
      const digest = `sha256:${hasher.digest('hex')}`
      const repository = freshRepository()
      const push = async (): Promise<void> => {
        const begun = await nginx.ask('POST', `/v2/${repository}/blobs/uploads/`)
        const body = new ReadableStream<Uint8Array>({ pull: sender(block) })
        const sent = await nginx.ask('PATCH', begun.headers.get('location') ?? '', { body })
        expect([sent.status, sent.headers.get('range')]).toEqual([202, `0-${huge - 1}`])
        const ended = await nginx.ask('PUT', withQuery(sent.headers.get('location') ?? '', { digest }))
        expect(ended.status).toBe(201)
      }
      const pull = async (): Promise<void> => {
        const pulled = await nginx.ask('GET', `/v2/${repository}/blobs/${digest}`)
        const received = new Bun.CryptoHasher('sha256')
        for await (const chunk of pulled.body ?? []) received.update(chunk)
        expect([pulled.headers.get('content-length'), `sha256:${received.digest('hex')}`]).toEqual([String(huge), digest])
      }
      const [worker = 0] = childrenOf(nginx.pid)
      for (const work of [push, pull]) {
        const inside = await measureMemory(server.pid, async () => {
          const { before, peak } = await measureMemory(worker, work)
          expect(peak - before).toBeLessThan(4 * MiB)
        })
        // What is streamed leaves garbage that is collected in the runtime's own time.
        expect(inside.peak - inside.before).toBeLessThan(96 * MiB)
      }
      expect(readdirSync(join(nginx.folder, 'tmp'), { recursive: true, withFileTypes: true }).filter((one) => one.isFile())).toEqual([])
    })

    test('a sender that asks with Expect: 100-continue goes on at once', async () => {
      const [bytes, file] = [freshBytes(3_000_000), join(folder.path, 'blob')]
      writeFileSync(file, bytes)
      const begun = await nginx.ask('POST', `/v2/${freshRepository()}/blobs/uploads/`)
      const url = nginx.url + withQuery(begun.headers.get('location') ?? '', { digest: digestOf(bytes) })
      const words = ['-D', '-', '-H', 'Expect: 100-continue', '--expect100-timeout', '30', '-T', file]
      const started = performance.now()
      expect(await ask(...words, url)).toMatch(/^HTTP\/1\.1 100 Continue\r\n\r\nHTTP\/1\.1 201 Created\r\n/)
      expect(performance.now() - started).toBeLessThan(15_000)
    })

    test('a refusal of something large arrives as it is', async () => {
      const file = join(folder.path, 'large')
      writeFileSync(file, new Uint8Array(20 * MiB))
      const words = ['-D', '-', '-H', 'Expect:', '-T', file, `${nginx.url}/v2/a/b/manifests/x`]
      for (const more of [[], ['-H', 'Transfer-Encoding: chunked']]) {
        const answer = await ask(...more, ...words)
        expect(answer).toStartWith('HTTP/1.1 413 ')
        expect(answer).toContain('"code":"MANIFEST_INVALID"')
      }
    })

    test('1,024 ranges in one header, as podman sends them', async () => {
      const bytes = freshBytes(100_000)
      const path = await upload(bytes)
      const starts = Array.from({ length: 1024 }, (_, n) => n * 90)
      const ranges = starts.map((start) => `${`${start}`.padStart(11, '0')}-${`${start + 9}`.padStart(11, '0')}`)
      const answer = await nginx.ask('GET', path, { headers: { range: `bytes=${ranges.join(',')}` } })
      expect([answer.status, (await answer.text()).match(/\r\nContent-Range: /g)?.length]).toEqual([206, 1024])
    })

    test('HEAD has the length of GET, and nothing is compressed', async () => {
      const bytes = new TextEncoder().encode('{"a":1}'.repeat(1000))
      const path = await upload(bytes)
      for (const method of ['HEAD', 'GET']) {
        const answer = await nginx.ask(method, path, { headers: { 'accept-encoding': 'gzip' } })
        expect([answer.status, answer.headers.get('content-length')]).toEqual([200, '7000'])
        expect(answer.headers.get('content-encoding')).toBeNull()
      }
    })

    test('connections to Berth are used again', async () => {
      const before = connectionsTo(server.url)
      for (let round = 0; round < 50; round++) await (await nginx.ask('GET', '/v2/', { keepalive: false })).bytes()
      expect(connectionsTo(server.url) - before).toBeLessThan(5)
    })
  })

  describe('the log names', () => {
    test('the client, and the id that nginx gave', async () => {
      await ask('--interface', '127.0.0.2', `${nginx.url}/v2/log/client/tags/list`)
      const { address, code, proxyId } = await lineOf('/v2/log/client/')
      expect([address, code]).toEqual(['127.0.0.2', 'NAME_UNKNOWN'])
      expect(readFileSync(join(nginx.folder, 'access.log'), 'utf8')).toContain(`${String(proxyId)} 127.0.0.2 `)
    })

    test('nobody that a client made up, through nginx or past it', async () => {
      const made = ['X-Forwarded-For: 198.51.100.1', 'Forwarded: for=198.51.100.2', 'X-Real-IP: 198.51.100.3', 'X-Request-Id: made-up']
      const headers = made.flatMap((header) => ['-H', header])
      await ask('--interface', '127.0.0.2', ...headers, `${nginx.url}/v2/log/through/tags/list`)
      await ask('--interface', '127.0.0.2', ...headers, `${server.url}/v2/log/past/tags/list`)
      const [through, past] = [await lineOf('/v2/log/through/'), await lineOf('/v2/log/past/')]
      expect([through['address'], past['address']]).toEqual(['127.0.0.2', '127.0.0.2'])
      expect(through['proxyId']).not.toBe('made-up')
      expect(past).not.toHaveProperty('proxyId')
    })
  })
})

const huge = 300 * MiB

/** Gives a block over and over until there were `huge` bytes. */
function sender(block: Uint8Array): (controller: ReadableStreamDefaultController<Uint8Array>) => void {
  let left = huge
  return (controller) => {
    if (left > 0) controller.enqueue(block.slice(0, Math.min(left, block.length)))
    else controller.close()
    left -= block.length
  }
}

function childrenOf(pid: number): number[] {
  return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean).map(Number)
}

/** Connections that the kernel knows of to a port of the loopback, closed ones that it has not forgotten too. */
function connectionsTo(url: string): number {
  const port = Number(new URL(url).port).toString(16).toUpperCase().padStart(4, '0')
  const lines = readFileSync('/proc/net/tcp', 'utf8').split('\n')
  return lines.filter((line) => line.trim().split(/\s+/)[2] === `0100007F:${port}`).length
}
