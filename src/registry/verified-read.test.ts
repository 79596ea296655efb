import { describe, expect, test } from 'bun:test'
import { digestBytes } from '../oci/index.ts'
import { createVerification } from './verified-read.ts'

const bytes = crypto.getRandomValues(new Uint8Array(60_000))
const digest = digestBytes(bytes, 'sha256')
const flipped = bytes.with(59_000, (bytes[59_000] ?? 0) ^ 1)
const file = (content: Uint8Array<ArrayBuffer>) => ({ kind: 'file', size: content.length, file: new Blob([content]) }) as const
const bodyOf = async (opened: { kind: string }) => {
  if (!('stream' in opened)) throw new Error(`not a stream but ${opened.kind}`)
  return await new Response(opened.stream as ReadableStream<Uint8Array>).bytes()
}

describe('a verified read', () => {
  const findings: string[] = []
  const report = async (actual: string): Promise<void> => void findings.push(actual)

  test('delivers good bytes, and with `first` hashes them once', async () => {
    const verification = createVerification('first')
    expect(Buffer.compare(await bodyOf(verification.guard(file(bytes), 'a', digest, report)), bytes)).toBe(0)
    expect(verification.guard(file(bytes), 'a', digest, report).kind).toBe('file')
    expect(verification.guard(file(bytes), 'b', digest, report).kind).toBe('stream')
    expect(findings).toEqual([])
  })

  test.each(['first', 'always'] as const)('with `%s` a flipped bit never arrives complete', async (mode) => {
    findings.length = 0
    const verification = createVerification(mode)
    const reading = bodyOf(verification.guard(file(flipped), 'a', digest, report))
    expect(await reading.then(() => 'complete', (error: Error) => error.message)).toContain('have the digest')
    expect(findings).toEqual([digestBytes(flipped, 'sha256')])
    expect(verification.guard(file(flipped), 'a', digest, report).kind).toBe('stream')
  })

  test('`always` hashes every time, `never` never', async () => {
    const always = createVerification('always')
    await bodyOf(always.guard(file(bytes), 'a', digest, report))
    expect(always.guard(file(bytes), 'a', digest, report).kind).toBe('stream')
    expect(createVerification('never').guard(file(flipped), 'a', digest, report).kind).toBe('file')
  })
})
