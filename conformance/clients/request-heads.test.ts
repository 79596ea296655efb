import { expect, test } from 'bun:test'
import { createHeadReader, type Head } from './request-heads.ts'

const traffic =
  'GET /v2/?a=b HTTP/1.1\r\nHost: x\r\n\r\n' +
  'PUT /one HTTP/1.1\r\nContent-Length: 19\r\nContent-Type: text/plain\r\n\r\nGET /not HTTP/1.1\r\n' +
  'PATCH /two HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab\r\nc\r\n1\r\nd\r\n0\r\n\r\n' +
  'HEAD /three HTTP/1.1\r\nAccept: a\r\naccept: b\r\n\r\n'

test.each([1, 7, 10_000])('heads in pieces of %d bytes, and none out of a body', (size) => {
  const heads: Head[] = []
  const read = createHeadReader((head) => heads.push(head))
  const bytes = new TextEncoder().encode(traffic)
  for (let at = 0; at < bytes.length; at += size) read(bytes.subarray(at, at + size))
  const requests = heads.map(({ method, target }) => `${method} ${target}`)
  expect(requests).toEqual(['GET /v2/?a=b', 'PUT /one', 'PATCH /two', 'HEAD /three'])
  expect(heads.map(({ headers }) => headers.get('content-type'))).toEqual([null, 'text/plain', null, null])
  expect(heads[3]?.headers.get('accept')).toBe('a, b')
})
