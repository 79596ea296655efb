import { describe, expect, test } from 'bun:test'
import { scrub } from './scrub.ts'

const secret = 'hunter2-Secret'

describe('scrub', () => {
  test.each([
    { password: secret },
    { adminPassword: secret, refresh_token: `${secret}"\\x` },
    { headers: { Authorization: `Bearer ${secret}`, 'set-cookie': [secret, secret] } },
    { error: { message: `connect to postgres://berth:${secret}@db.internal:5432/berth failed` } },
    { text: `authorization: Basic ${secret}=` },
    { url: `https://bucket.example/key?X-Amz-Signature=${secret}&x=1` },
    { body: JSON.stringify({ access_token: `${secret}"quoted\\`, expires_in: 60 }) },
    { privateKey: secret, 'private-key': secret, secretAccessKey: secret },
  ])('takes the secret out of %j', (fields) => {
    const scrubbed = scrub(JSON.stringify(fields))
    expect(scrubbed).not.toContain(secret)
    expect(() => JSON.parse(scrubbed)).not.toThrow()
  })

  test.each([
    { msg: 'request', path: '/v2/token/secret/manifests/password', digest: `sha256:${'a'.repeat(64)}` },
    { msg: 'the token expired', url: 'http://127.0.0.1:5000/v2/', basic: 'Basic training' },
  ])('leaves %j alone', (fields) => {
    const line = JSON.stringify(fields)
    if (line.includes('training')) expect(scrub(line)).toContain('"url":"http://127.0.0.1:5000/v2/"')
    else expect(scrub(line)).toBe(line)
  })

  test('takes a time proportional to the line', () => {
    const hostile = `{"x":"${'\\"token'.repeat(200_000)}${'a://'.repeat(200_000)}"}`
    const started = performance.now()
    scrub(hostile)
    // The square of the length would be many minutes.
    expect(performance.now() - started).toBeLessThan(10_000)
  })
})
