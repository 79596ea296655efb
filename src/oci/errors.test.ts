import { describe, expect, test } from 'bun:test'
import { errorBody, type ErrorCode, errorTable, RegistryError } from './errors.ts'

const codes = Object.keys(errorTable) as ErrorCode[]

/** The closed list of the specification, and what the reference server adds where none of it fits. */
const wireCodes = `
  BLOB_UNKNOWN BLOB_UPLOAD_INVALID BLOB_UPLOAD_UNKNOWN DIGEST_INVALID MANIFEST_BLOB_UNKNOWN MANIFEST_INVALID MANIFEST_UNKNOWN
  NAME_INVALID NAME_UNKNOWN SIZE_INVALID UNAUTHORIZED DENIED UNSUPPORTED TOOMANYREQUESTS
  UNKNOWN UNAVAILABLE TAG_INVALID PAGINATION_NUMBER_INVALID`.split(/\s+/)

test('only codes that clients know go on the wire, all with an error status and a message', () => {
  for (const code of codes) {
    const body = errorBody(new RegistryError(code))
    expect(wireCodes).toContain(body.errors[0]?.code ?? 'none')
    expect(body.errors[0]?.message).toBe(errorTable[code].message)
    expect(errorTable[code].status).toBeWithin(400, 600)
  }
})

test.each<[ErrorCode, number, string]>([
  ['RANGE_INVALID', 416, 'BLOB_UPLOAD_INVALID'],
  ['STORAGE_FULL', 507, 'UNAVAILABLE'],
  ['MANIFEST_TOO_LARGE', 413, 'MANIFEST_INVALID'],
  ['METHOD_NOT_ALLOWED', 405, 'UNSUPPORTED'],
  ['ROUTE_UNKNOWN', 404, 'UNSUPPORTED'],
  ['TAG_INVALID', 400, 'TAG_INVALID'],
  ['PRECONDITION_FAILED', 412, 'DENIED'],
  ['TRASH_UNKNOWN', 404, 'UNSUPPORTED'],
  ['TAG_EXISTS', 409, 'DENIED'],
  ['MANIFEST_IN_TRASH', 409, 'DENIED'],
  ['REPOSITORY_IN_TRASH', 409, 'DENIED'],
  ['PROJECT_IN_TRASH', 409, 'DENIED'],
  ['PRECONDITION_INVALID', 400, 'UNSUPPORTED'],
  ['REQUEST_INVALID', 400, 'UNSUPPORTED'],
  ['CODING_UNSUPPORTED', 415, 'UNSUPPORTED'],
  ['BODY_TIMEOUT', 408, 'SIZE_INVALID'],
])('%s is %d with %s in the body', (code, status, wire) => {
  const error = new RegistryError(code)
  expect(error.status).toBe(status)
  expect(errorBody(error).errors.map((entry) => entry.code)).toEqual([wire])
})

describe('RegistryError', () => {
  test('keeps what it is given', () => {
    const cause = new Error('disk')
    const error = new RegistryError('UNKNOWN', { message: 'no', detail: { a: 1 }, cause, headers: { allow: 'GET' } })
    expect(error).toBeInstanceOf(Error)
    expect([error.name, error.code, error.message, error.cause]).toEqual(['RegistryError', 'UNKNOWN', 'no', cause])
    expect(error.headers).toEqual({ allow: 'GET' })
    expect(errorBody(error)).toEqual({ errors: [{ code: 'UNKNOWN', message: 'no', detail: { a: 1 } }] })
  })

  test('has no cause unless given one', () => {
    expect(Object.hasOwn(new RegistryError('UNKNOWN'), 'cause')).toBe(false)
  })

  test('a full storage says when to come back, and the thrower may say it better', () => {
    expect(new RegistryError('STORAGE_FULL').headers).toEqual({ 'retry-after': '30' })
    expect(new RegistryError('STORAGE_FULL', { headers: { 'retry-after': '5' } }).headers).toEqual({ 'retry-after': '5' })
  })
})

describe('errorBody', () => {
  test('leaves an absent detail out', () => {
    const body = errorBody(new RegistryError('DENIED', { message: 'no' }))
    expect(JSON.stringify(body)).toBe('{"errors":[{"code":"DENIED","message":"no"}]}')
  })

  test('has one error per entry', () => {
    const entries = [{ detail: 'sha256:a' }, { detail: 'sha256:b', message: 'b is missing' }]
    expect(errorBody(new RegistryError('MANIFEST_BLOB_UNKNOWN', { message: 'missing', entries }))).toEqual({
      errors: [
        { code: 'MANIFEST_BLOB_UNKNOWN', message: 'missing', detail: 'sha256:a' },
        { code: 'MANIFEST_BLOB_UNKNOWN', message: 'b is missing', detail: 'sha256:b' },
      ],
    })
  })

  test('never tells the cause', () => {
    const error = new RegistryError('UNKNOWN', { cause: new Error('/var/lib/secret') })
    expect(JSON.stringify(errorBody(error))).not.toContain('secret')
  })
})
