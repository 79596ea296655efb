import { expect, test } from 'bun:test'
import { isLoopback, parseAddress } from './address.ts'

test.each([
  ['127.0.0.1:5000', '127.0.0.1', 5000],
  ['0.0.0.0:0', '0.0.0.0', 0],
  ['[::1]:65535', '::1', 65535],
  ['[::ffff:127.0.0.1]:80', '::ffff:127.0.0.1', 80],
  ['LocalHost:5000', 'localhost', 5000],
  ['registry-1.example.com:443', 'registry-1.example.com', 443],
])('%s is an address', (text, host, port) => {
  expect(parseAddress(text)).toEqual({ host, port })
})

const notAddresses = `
  5000 :5000 localhost localhost: localhost:65536 localhost:-1 localhost:5x ::1:5000 [::1] [127.0.0.1]:5000 [:::]:5000
  [fe80::1%eth0]:5000 http://localhost:5000 -a:5000 a_b:5000 10.0.0.256:5000 127.1:5000 0:5000 0x7f:5000 10000000000x:5000
`

test.each(['', 'a b:5000', ...notAddresses.trim().split(/\s+/)])('%p is not an address', (text) => {
  expect(parseAddress(text)).toBeUndefined()
})

test.each(['127.0.0.1', '127.255.3.4', '::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'localhost'])('%s is loopback', (host) => {
  expect(isLoopback(host)).toBe(true)
})

test.each(['0.0.0.0', '::', '128.0.0.1', '10.0.0.1', '::ffff:10.0.0.1', 'fe80::1', 'localhost.example.com', 'example.com'])(
  '%s is beyond loopback',
  (host) => {
    expect(isLoopback(host)).toBe(false)
  },
)
