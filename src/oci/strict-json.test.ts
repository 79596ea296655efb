import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { parseStrictJson } from './strict-json.ts'

const limits = { depth: 4, values: 50 }
const encode = (text: string): Uint8Array => new TextEncoder().encode(text)
const parse = (text: string): unknown => parseStrictJson(encode(text), limits)

describe('parseStrictJson', () => {
  const nested = ['{"a":[1,{"b":null}]}', '{"a":{"x":1},"b":{"x":1}}', '{"a":"a","b":["a","a"]}']

  test.each(['{}', ' \t\r\n{ } \n', '{"":0}', ...nested])('takes %p', (text) => {
    expect(parse(text)).toEqual(JSON.parse(text))
  })

  test.each([
    ['', /empty/],
    ['\ufeff{}', /byte order mark/],
    ['[]', /not a JSON object/],
    ['null', /not a JSON object/],
    ['"a"', /not a JSON object/],
    ['{}{}', /./],
    ['{} x', /./],
    ['{}\0', /./],
    ['{"a":1,}', /./],
    ["{'a':1}", /./],
    ['{a:1}', /./],
    ['{"a":01}', /./],
    ['{"a":NaN}', /./],
    ['{"a":1}//', /./],
    ['{"a":"\t"}', /./],
    ['{"a":"\0"}', /./],
    ['{"a', /does not end/],
    ['{"a\\', /does not end/],
    ['{"a\\"', /does not end/],
    ['}', /./],
    [']]]{', /./],
    ['{"a":1,"a":2}', /names "a" twice/],
    ['{"a":1,"b":[{"x":{},"y":0}],"a":2}', /names "a" twice/],
    ['{"b":[0,{"x":1, "x" :2}]}', /names "x" twice/],
    ['{"a":1,"\\u0061":2}', /names "a" twice/],
    ['{"__proto__":1,"__proto__":2}', /twice/],
    ['{"":1,"":2}', /twice/],
    ['{"a":"\\ud800"}', /half a surrogate/],
    ['{"a":"\\udc00\\ud800"}', /half a surrogate/],
    ['{"\\ud800":1}', /half a surrogate/],
    ['{"a":"\\u0000"}', /NUL/],
    ['{"a":[[[[1]]]]}', /deeper than 4/],
    [`{"a":[${'1,'.repeat(60)}1]}`, /more than 50 values/],
  ])('refuses %.60p', (text, message) => {
    expect(() => parse(text)).toThrow(SyntaxError)
    expect(() => parse(text)).toThrow(message)
  })

  test('takes escapes that are whole', () => {
    expect(parse('{"a":"\\ud83d\\ude00 \\" \\\\","\\\\":1,"\\"":2}')).toEqual({ a: '\u{1f600} " \\', '\\': 1, '"': 2 })
  })

  test.each([
    ['a stray byte', [0xff]],
    ['an overlong dot', [0xc0, 0xae]],
    ['half a surrogate pair', [0xed, 0xa0, 0x80]],
    ['a cut character', [0xe2, 0x82]],
  ])('refuses %s, which is not UTF-8', (_, bytes) => {
    const document = new Uint8Array([...encode('{"'), ...bytes, ...encode('":1}')])
    expect(() => parseStrictJson(document, limits)).toThrow(/not valid UTF-8/)
  })

  test('takes linear time whatever the text', () => {
    const repeat = (text: string, bytes = 4_000_000): string => text.repeat(bytes / text.length)
    const units = ['[', '"', '\\', '"\\', '"a" ', '"a":', '{"a":', '"\\n",', ' ', '{},', '\\\\"', '"\\""']
    const strings = [`{"a":"${repeat('\\\\')}"}`, `{"a":"${repeat('x')}"}`, `{"a":["\\n"${repeat(',"x"')},"\\n"]}`]
    for (const text of [...units.map((unit) => repeat(unit)), ...strings]) {
      const bytes = encode(text)
      const start = performance.now()
      try {
        parseStrictJson(bytes, { depth: 32, values: 10_000_000 })
      } catch (error) {
        expect(error).toBeInstanceOf(SyntaxError)
      }
      // The square of the length would be hours.
      expect(performance.now() - start).toBeLessThan(15_000)
    }
  }, 300_000)
})

describe('against a reference parser written from RFC 8259', () => {
  const agree = (text: string): void => {
    const expected = reference(text)
    let got: unknown
    try {
      got = parse(text)
    } catch (error) {
      expect(error).toBeInstanceOf(SyntaxError)
    }
    expect(got).toEqual(expected)
  }

  test('on documents of few names, so that they repeat', () => {
    fc.assert(fc.property(json, agree), { numRuns: 40_000 })
  })

  test('on documents with something broken in them', () => {
    const unit = fc.constantFrom(...'{}[]",:\\u0 \n1a-.e'.split(''))
    const broken = fc.tuple(json, fc.nat(), fc.nat(3), fc.string({ unit, maxLength: 2 }))
    const mutate = ([text, place, drop, put]: [string, number, number, string]): string => {
      const at = place % (text.length + 1)
      return text.slice(0, at) + put + text.slice(at + drop)
    }
    fc.assert(fc.property(broken.map(mutate), agree), { numRuns: 60_000 })
  })
})

/** Documents as text, so that names may repeat and blanks and escapes vary. */
const json: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>((tie) => {
  const escapes = ['"\\u0061"', '"\\\\"', '"\\""', '"a\\n"', '"\\ud83d\\ude00"', '"\\ud83d"']
  const text = fc.constantFrom('"a"', '"b"', '"{,"', '""', '"\u00e9"', ...escapes)
  const blank = fc.constantFrom('', '', '', ' ', '\n')
  const atom = fc.oneof(text, fc.constantFrom('1', '-0', '1e3', '0.5', 'true', 'false', 'null'))
  const member = fc.tuple(text, blank, blank, tie('value')).map(([name, one, two, value]) => `${name}${one}:${two}${value}`)
  const object = fc.tuple(blank, fc.array(member, { maxLength: 4 })).map(([space, all]) => `{${space}${all.join(`${space},`)}}`)
  const items = fc.array(tie('value'), { maxLength: 4 })
  const array = fc.tuple(blank, items).map(([space, all]) => `[${all.join(`,${space}`)}${space}]`)
  return { object, value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, atom, object, array) }
}).object

/** The parsed document, or undefined when the rules of `parseStrictJson` refuse it. Plain and slow on purpose. */
function reference(text: string): unknown {
  let at = 0
  let values = 0
  const refuse = (): never => {
    throw new RangeError('refused')
  }
  const blank = (): void => {
    while (at < text.length && ' \t\n\r'.includes(text.charAt(at))) at++
  }
  const take = (expected: string): void => {
    if (!text.startsWith(expected, at)) refuse()
    at += expected.length
  }
  const match = (pattern: RegExp): string => {
    const found = pattern.exec(text.slice(at))?.[0] ?? refuse()
    at += found.length
    return found
  }
  const string = (): string => {
    const raw = match(/^"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/u)
    const value = String(JSON.parse(raw))
    return value.includes('\0') || !value.isWellFormed() ? refuse() : value
  }
  const list = (close: string, item: () => void): void => {
    at++
    blank()
    if (text.startsWith(close, at)) {
      values++
      at++
      return
    }
    for (;;) {
      item()
      blank()
      if (text.startsWith(close, at)) break
      take(',')
      blank()
    }
    at++
  }
  const object = (depth: number): object => {
    const members = new Map<string, unknown>()
    list('}', () => {
      const name = string()
      if (members.has(name)) refuse()
      blank()
      take(':')
      members.set(name, value(depth))
    })
    return Object.fromEntries(members)
  }
  const array = (depth: number): unknown[] => {
    const items: unknown[] = []
    list(']', () => items.push(value(depth)))
    return items
  }
  const value = (depth: number): unknown => {
    blank()
    values++
    if (values > limits.values) refuse()
    const first = text.charAt(at)
    if ('{['.includes(first) && first !== '' && depth === limits.depth) refuse()
    if (first === '{') return object(depth + 1)
    if (first === '[') return array(depth + 1)
    if (first === '"') return string()
    return JSON.parse(match(/^(?:true|false|null|-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)/))
  }
  try {
    const document = value(0)
    blank()
    const whole = at === text.length && values <= limits.values
    return whole && typeof document === 'object' && document !== null && !Array.isArray(document) ? document : undefined
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
