import { afterEach, expect, test } from 'bun:test'
import { createManualClock } from '../../lib/index.ts'
import { createLogger } from '../../observe/index.ts'
import type { Certificate } from './certificate.ts'
import { makeCertificate } from './certificates.testing.ts'
import { keepCertificate, type KeptCertificate, readCertificate } from './keep-certificate.ts'

const paths = { certificate: '/cert.pem', key: '/key.pem' }
let kept: KeptCertificate | undefined
afterEach(() => kept?.end())

/** Files in memory, a clock that stands, and what came of both. */
async function createRig() {
  const contents = new Map<string, string>()
  let version = 0
  let failure: string | undefined
  const write = (path: string, text: string): void => {
    contents.set(path, text)
    version++
  }
  const get = (path: string) => contents.get(path) ?? Promise.reject(new Error(`no ${path}`))
  const rig = { looks: 0, used: [] as Certificate[], log: [] as { level: string; msg: string; reason?: string }[] }
  const files = {
    read: async (path: string) => {
      if (failure !== undefined) throw new Error(failure)
      return await get(path)
    },
    stamp: async (path: string) => {
      rig.looks++
      return `${(await get(path)).length} ${version}`
    },
  }
  const clock = createManualClock(Date.now())
  const destination = { write: (line: string) => void rig.log.push(JSON.parse(line)), close: () => Promise.resolve() }
  const logger = createLogger({ level: 'info', destination, clock })
  const put = ({ chain, key }: { chain: string; key: string }) => {
    write('/cert.pem', chain)
    write('/key.pem', key)
  }
  put(makeCertificate())
  const first = await readCertificate({ paths, files, clock })
  kept = keepCertificate({ paths, files, clock, logger, first, use: (next) => void rig.used.push(next) })
  /** Until the files have been looked at again. */
  const look = async () => {
    const before = rig.looks
    for (let turn = 0; rig.looks < before + 2; turn++) {
      if (turn > 10_000) throw new Error('nobody looks')
      clock.advance(5000)
      await new Promise((resolve) => setImmediate(resolve))
    }
  }
  const fail = (reason: string | undefined): void => void (failure = reason)
  return { ...rig, rig, write, put, look, contents, first, clock, fail }
}

test('a changed certificate is used once, and an unchanged one not at all', async () => {
  const { rig, put, look } = await createRig()
  await look()
  expect(rig.used).toEqual([])
  const next = makeCertificate()
  put(next)
  await look()
  await look()
  expect(rig.used.map(({ chain }) => chain)).toEqual([next.chain])
  expect(rig.log.map(({ msg }) => msg)).toEqual(['new connections get the new certificate'])
})

test.each([
  ['half of a new pair', { '/cert.pem': makeCertificate().chain }, 'is not the key of'],
  ['a damaged certificate', { '/cert.pem': 'damaged' }, 'no certificate in PEM'],
  ['an expired one', { '/cert.pem': makeCertificate({ from: 0, until: 1_000_000 }).chain }, 'is not the key of'],
])('%s changes nothing and is logged with the reason', async (_, change, reason) => {
  const { rig, write, put, look } = await createRig()
  for (const [path, text] of Object.entries(change)) write(path, text)
  await look()
  expect(rig.used).toEqual([])
  expect(rig.log[0]).toMatchObject({ level: 'warn', msg: 'the new certificate cannot be used; the old one stays' })
  expect(rig.log[0]?.reason).toContain(reason)
  // And the next good one is taken.
  put(makeCertificate())
  await look()
  expect(rig.used).toHaveLength(1)
})

test('files that are gone are told once, and taken when they are back', async () => {
  const { rig, put, look, contents } = await createRig()
  const before = new Map(contents)
  contents.clear()
  for (let turn = 0; turn < 10_000 && rig.log.length === 0; turn++) await look().catch(() => undefined)
  expect(rig.log[0]?.reason).toContain('cannot be read: no /cert.pem')
  expect(rig.used).toEqual([])
  put({ chain: before.get('/cert.pem') ?? '', key: before.get('/key.pem') ?? '' })
  await look()
  expect(rig.used).toEqual([])
  put(makeCertificate())
  await look()
  expect(rig.used).toHaveLength(1)
})

test('one that is not valid yet is told once, and taken when its time has come, though its files stand', async () => {
  const { rig, clock, put, look } = await createRig()
  await look()
  put(makeCertificate({ from: clock.now() + 60_000 }))
  await look()
  await look()
  expect(rig.used).toEqual([])
  expect(rig.log.filter(({ reason }) => reason?.includes('is not valid before'))).toHaveLength(1)
  clock.advance(60_000)
  await look()
  expect(rig.used).toHaveLength(1)
})

test('a reading that failed is done again, though the files stand', async () => {
  const { rig, put, look, fail } = await createRig()
  await look()
  put(makeCertificate())
  fail('no descriptor is free')
  await look()
  expect(rig.log.map(({ reason }) => reason)).toEqual(['tls.certificate /cert.pem: cannot be read: no descriptor is free'])
  fail(undefined)
  await look()
  expect(rig.used).toHaveLength(1)
})

test('nothing is taken over once it has ended', async () => {
  const { rig, put } = await createRig()
  await kept?.end()
  put(makeCertificate())
  await kept?.reload()
  expect(rig.used).toEqual([])
})

test('told to reload, it reads at once', async () => {
  const { rig, put } = await createRig()
  put(makeCertificate())
  await kept?.reload()
  expect(rig.used).toHaveLength(1)
})
