export type JsonObject = { readonly [member: string]: unknown }

export interface JsonLimits {
  /** How deep objects and arrays may nest; the document's own object is depth 1. */
  readonly depth: number
  /** How many values there may be in all, an empty container counting as two: memory grows with them, not with the bytes. */
  readonly values: number
}

/**
 * Reads one JSON object such that no two parsers can understand it differently (the attacker: CVE-2021-41190, one document
 * that is an image to one program and an index to another). Beyond RFC 8259: valid UTF-8 without a byte order mark, no member
 * name twice in one object, no lone surrogates and no NUL in strings with escapes (RFC 7493), bounded. Takes linear time.
 * @throws SyntaxError whose message says what is wrong
 */
export function parseStrictJson(bytes: Uint8Array, limits: JsonLimits): JsonObject {
  const text = decode(bytes)
  new Scanner(text, limits).scan()
  const value: unknown = JSON.parse(text)
  if (!isJsonObject(value)) throw new SyntaxError('it is not a JSON object')
  return value
}

export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function decode(bytes: Uint8Array): string {
  if (bytes.length === 0) throw new SyntaxError('it is empty')
  if (bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf) throw new SyntaxError('it starts with a byte order mark')
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes)
  } catch (cause) {
    throw new SyntaxError('it is not valid UTF-8', { cause })
  }
}

const quote = 0x22
const comma = 0x2c
const colon = 0x3a
const backslash = 0x5c
const openBracket = 0x5b
const closeBracket = 0x5d
const openBrace = 0x7b
const closeBrace = 0x7d

/**
 * Walks the text before JSON.parse does and finds what JSON.parse lets pass. It may misread text that is not JSON, which
 * JSON.parse then refuses; it never misreads text that is.
 */
class Scanner {
  readonly #text: string
  readonly #limits: JsonLimits
  /** Member names of the object now open at each depth. Emptied and used again, so their number is that of the depth limit. */
  readonly #names: Set<string>[] = []
  #at = 0
  #depth = 0
  #values = 1
  /** Position of the first backslash not yet passed. Looked up again only once passed, so that finding them all is linear. */
  #escape = -1

  constructor(text: string, limits: JsonLimits) {
    this.#text = text
    this.#limits = limits
  }

  scan(): void {
    for (; this.#at < this.#text.length; this.#at++) {
      switch (this.#text.charCodeAt(this.#at)) {
        case quote:
          this.#string()
          break
        case comma:
          this.#count()
          break
        case openBrace:
        case openBracket:
          this.#open()
          break
        case closeBrace:
        case closeBracket:
          this.#depth--
          break
      }
    }
  }

  #count(): void {
    this.#values++
    if (this.#values > this.#limits.values) throw new SyntaxError(`it holds more than ${this.#limits.values} values`)
  }

  #open(): void {
    this.#count()
    this.#depth++
    if (this.#depth > this.#limits.depth) throw new SyntaxError(`it nests deeper than ${this.#limits.depth} levels`)
    this.#names[this.#depth]?.clear()
  }

  /** Passes one string, leaving the position on its closing quote; a colon behind it makes it a member name. */
  #string(): void {
    const start = this.#at
    const end = this.#closingQuote(start + 1)
    const escaped = this.#escape > start && this.#escape < end
    this.#at = end
    let text: string | undefined
    if (escaped) text = this.#unescape(start, end)
    if (this.#nextToken(end + 1) === colon) this.#name(text ?? this.#text.slice(start + 1, end))
  }

  #closingQuote(from: number): number {
    const text = this.#text
    let end = text.indexOf('"', from)
    if (end === -1) throw new SyntaxError('a string in it does not end')
    if (this.#escape < from) this.#escape = indexOrEnd(text, '\\', from)
    if (this.#escape > end) return end
    for (end = this.#escape; end < text.length; end++) {
      const character = text.charCodeAt(end)
      if (character === quote) return end
      if (character === backslash) end++
    }
    throw new SyntaxError('a string in it does not end')
  }

  #unescape(start: number, end: number): string {
    const text: unknown = JSON.parse(this.#text.slice(start, end + 1))
    if (typeof text !== 'string' || !text.isWellFormed() || text.includes('\0')) {
      throw new SyntaxError('a string in it escapes a NUL or half a surrogate pair')
    }
    return text
  }

  #nextToken(from: number): number {
    let at = from
    while (at < this.#text.length && isBlank(this.#text.charCodeAt(at))) at++
    return this.#text.charCodeAt(at)
  }

  #name(name: string): void {
    const depth = Math.max(0, this.#depth)
    const names = (this.#names[depth] ??= new Set())
    if (names.has(name)) throw new SyntaxError(`it names ${JSON.stringify(name.slice(0, 80))} twice in one object`)
    names.add(name)
  }
}

function isBlank(character: number): boolean {
  return character === 0x20 || character === 0x0a || character === 0x0d || character === 0x09
}

function indexOrEnd(text: string, wanted: string, from: number): number {
  const index = text.indexOf(wanted, from)
  return index === -1 ? text.length : index
}
