import { describe, expect, test } from 'bun:test'
import { RegistryError } from '../oci/index.ts'
import { checkHead } from './request-head.ts'

/** The code it is refused with, and whether the connection is closed then. */
function refusal(method: string, headers: Record<string, string>): [code: string, connection: string | undefined] | undefined {
  try {
    checkHead({ method, headers: new Headers(headers) })
    return undefined
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    return [error.code, error.headers['connection']]
  }
}

describe('the head of a request', () => {
  test.each([
    '', 'a', 'registry.example.com', 'registry_1.test:5000', '127.0.0.1:5000', '[::1]', '[fe80::1]:80', 'a:', 'a.', 'REGISTRY.test',
  ])('may name the host %j', (host) => {
    expect(refusal('GET', { host })).toBeUndefined()
  })

  test.each([
    'a, b', 'a, a', ', b', 'a,b', 'a b', 'a/b', '/v2/x?', 'x?', 'x#', 'u@x', 'a\\b', '%2f', 'a:b', 'a:123456', '[::1', '[x]', '\u00e4',
  ])('may not name the host %j', (host) => {
    expect(refusal('GET', { host })).toEqual(['REQUEST_INVALID', 'close'])
  })

  test('may go without a host, as in HTTP/1.0', () => {
    expect(refusal('GET', {})).toBeUndefined()
  })

  test.each(['3, 3', '3,4', '3, '])('may not have the length %j', (length) => {
    expect(refusal('POST', { 'content-length': length })).toEqual(['REQUEST_INVALID', 'close'])
  })

  test.each(['chunked,', ', chunked', 'chunked, chunked', 'gzip, chunked', 'identity', 'xchunked'])('may not be coded as %j', (coding) => {
    expect(refusal('POST', { 'transfer-encoding': coding })).toEqual(['REQUEST_INVALID', 'close'])
  })

  test.each(['chunked', 'Chunked', 'CHUNKED'])('may be coded as %j', (coding) => {
    expect(refusal('POST', { 'transfer-encoding': coding, 'content-type': 'a/b' })).toBeUndefined()
  })

  test('may not ask for a tunnel', () => {
    expect(refusal('CONNECT', { host: 'a' })).toEqual(['METHOD_NOT_ALLOWED', 'close'])
  })
})
