import { expect, setDefaultTimeout, test } from 'bun:test'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect } from 'node:tls'
import { makeCertificate } from '../../../src/http/front/certificates.testing.ts'
import { poll } from '../../rig/poll.ts'
import { startServer } from '../../rig/server-process.ts'

setDefaultTimeout(180_000)

/** Who answers on a new connection. Whichever thread the system chooses gets it. */
async function nameShown(port: number, ca: readonly string[]): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = connect({ host: '127.0.0.1', port, ca: [...ca] }, () => resolve(String(socket.getPeerCertificate().subject.CN)))
  socket.on('error', reject)
  return await promise.finally(() => socket.destroy())
}

test('three threads speak TLS, and all of them show the new certificate once it is changed', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'berth-tls-threads-'))
  const [first, second] = [makeCertificate({ name: 'first' }), makeCertificate({ name: 'second' })]
  const paths = { certificate: join(folder, 'tls.crt'), key: join(folder, 'tls.key') }
  const show = ({ chain, key }: typeof first): void => {
    writeFileSync(paths.certificate, chain)
    writeFileSync(paths.key, key)
  }
  show(first)
  const settings = { BERTH_WORKERS: '3', BERTH_OPEN: 'true', BERTH_TLS_CERTIFICATE: paths.certificate, BERTH_TLS_KEY: paths.key }
  const server = await startServer({ data: join(folder, 'data'), settings, ca: first.chain })
  try {
    const port = Number(new URL(server.url).port)
    const ask = async (ca: string): Promise<number> =>
      (await fetch(`${server.url}/v2/`, { headers: { connection: 'close' }, tls: { ca } })).status
    for (let n = 0; n < 24; n++) expect(await ask(first.chain)).toBe(200)
    show(second)
    process.kill(server.pid, 'SIGHUP')
    const both = [first.chain, second.chain]
    await poll('the new certificate in every thread', 20_000, async () => {
      const names = await Promise.all(Array.from({ length: 24 }, () => nameShown(port, both)))
      return names.every((name) => name === 'second') || undefined
    })
    for (let n = 0; n < 24; n++) expect(await ask(second.chain)).toBe(200)
  } finally {
    await server.stop()
    rmSync(folder, { recursive: true })
  }
})
