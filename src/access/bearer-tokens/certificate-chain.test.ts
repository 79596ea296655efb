import { expect, test } from 'bun:test'
import { keyOfChain } from './certificate-chain.ts'
import { makeCertificate, type TestCertificate } from './certificates.testing.ts'

const now = Date.UTC(2026, 5, 1)
const [from, until] = [Date.UTC(2026, 0, 1), Date.UTC(2027, 0, 1)]
const make = (name: string, ca: boolean, issuer?: TestCertificate, times: object = {}) =>
  makeCertificate({ name, ca, from, until, ...(issuer && { issuer }), ...times })

const root = make('root', true)
const between = make('between', true, root)
const leaf = make('leaf', false, between)
const own = make('own', false)
const roots = [root.certificate, own.certificate]
const keyOf = (chain: unknown, at = now) => keyOfChain(chain, roots, at)
const texts = (...chain: readonly TestCertificate[]): string[] => chain.map(({ text }) => text)

test('the key is that of the first certificate of a chain that ends in a root', () => {
  for (const [chain, key] of [
    [texts(leaf, between), leaf],
    [texts(leaf, between, root), leaf],
    [texts(between), between],
    [texts(own), own],
  ] as const) {
    expect(keyOf(chain)?.equals(key.publicKey)).toBe(true)
  }
})

const stranger = make('root', true)
const strangersBetween = make('between', true, stranger)
/** Of a key that may sign tokens, and certificates only if nobody looks. */
const byLeaf = make('admin', false, leaf)
const old = { from: Date.UTC(2024, 0, 1), until: Date.UTC(2025, 0, 1) }
const early = { from: Date.UTC(2030, 0, 1), until: Date.UTC(2031, 0, 1) }
const [bits] = texts(leaf)
const flipped = Buffer.from(bits ?? '', 'base64')
flipped[flipped.length - 20] = (flipped.at(-20) ?? 0) ^ 1

test.each<[string, unknown]>([
  ['nothing', []],
  ['a text', leaf.text],
  ['no text', [1]],
  ['no certificate', ['AAAA']],
  ['no base64', [`${leaf.text} `, between.text]],
  ['base64url', [leaf.text.replaceAll('+', '-').replaceAll('/', '_').replace(/=*$/, ''), between.text]],
  ['more behind the certificate', [Buffer.concat([Buffer.from(leaf.text, 'base64'), Buffer.alloc(3)]).toString('base64'), between.text]],
  ['a link that is missing', texts(leaf)],
  ['the wrong order', texts(between, leaf)],
  ['a root that is another’s, of the same name', texts(make('leaf', false, strangersBetween), strangersBetween, stranger)],
  ['another’s chain before ours', texts(make('leaf', false, strangersBetween), strangersBetween, root)],
  ['a certificate of the same name between', texts(make('leaf', false, strangersBetween), between)],
  ['an issuer that may not issue', texts(byLeaf, leaf, between)],
  ['a root that may not issue', texts(make('leaf', false, own))],
  ['a certificate that has ended', texts(make('leaf', false, between, old), between)],
  ['one that begins later', texts(make('leaf', false, between, early), between)],
  ['an issuer that has ended', texts(make('leaf', false, make('between', true, root, old)), make('between', true, root, old))],
  ['a bit that was turned', [flipped.toString('base64'), between.text]],
  ['too many', [...texts(leaf, between), ...Array.from({ length: 5 }, () => root.text)]],
])('%s is no chain', (_, chain) => {
  expect(keyOf(chain)).toBeUndefined()
})

test('it ends with its certificates, and with the root', () => {
  expect(keyOf(texts(leaf, between), until + 1000)).toBeUndefined()
  expect(keyOf(texts(leaf, between), from - 1000)).toBeUndefined()
  const aged = make('aged', true, undefined, old)
  expect(keyOfChain(texts(make('leaf', false, aged)), [aged.certificate], now)).toBeUndefined()
  expect(keyOfChain(texts(leaf, between), [], now)).toBeUndefined()
})
