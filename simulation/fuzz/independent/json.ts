/** A value as another parser sees it: objects are maps, so that no name means anything to JavaScript. */
export type Json = null | boolean | number | string | Json[] | Map<string, Json>

interface Limits {
  readonly depth: number
  readonly values: number
}

/**
 * Strict JSON once more, byte by byte, sharing nothing with src/oci: what both take must mean the same, and what one refuses the
 * other must refuse.
 * @returns undefined for what is to be refused
 */
export function readJson(bytes: Uint8Array, limits: Limits): Map<string, Json> | undefined {
  try {
    const reader = new Reader(bytes, limits)
    const value = reader.document()
    return value instanceof Map ? value : undefined
  } catch (error) {
    if (error instanceof Refused) return undefined
    throw error
  }
}

class Refused extends Error {}

class Reader {
  readonly #bytes: Uint8Array
  readonly #limits: Limits
  #at = 0
  #values = 0

  constructor(bytes: Uint8Array, limits: Limits) {
    this.#bytes = bytes
    this.#limits = limits
  }

  document(): Json {
    const value = this.#value(0)
    this.#blank()
    if (this.#at !== this.#bytes.length) throw new Refused()
    return value
  }

  #value(depth: number): Json {
    this.#blank()
    this.#count()
    const begin = this.#peek()
    if (begin === 0x7b) return this.#object(depth + 1)
    if (begin === 0x5b) return this.#array(depth + 1)
    if (begin === 0x22) return this.#string()
    if (begin === 0x74) return this.#word('true', true)
    if (begin === 0x66) return this.#word('false', false)
    return begin === 0x6e ? this.#word('null', null) : this.#number()
  }

  #count(): void {
    if (++this.#values > this.#limits.values) throw new Refused()
  }

  #word<T>(word: string, value: T): T {
    for (const character of word) this.#take(character.charCodeAt(0))
    return value
  }

  #object(depth: number): Map<string, Json> {
    const members = new Map<string, Json>()
    this.#items(depth, 0x7d, () => {
      this.#blank()
      const name = this.#string()
      if (members.has(name)) throw new Refused()
      this.#blank()
      this.#take(0x3a)
      members.set(name, this.#value(depth))
    })
    return members
  }

  #array(depth: number): Json[] {
    const items: Json[] = []
    this.#items(depth, 0x5d, () => items.push(this.#value(depth)))
    return items
  }

  #items(depth: number, close: number, read: () => void): void {
    if (depth > this.#limits.depth) throw new Refused()
    this.#at++
    this.#blank()
    if (this.#peek() === close) {
      this.#count()
      this.#at++
      return
    }
    for (;;) {
      read()
      this.#blank()
      const byte = this.#peek()
      this.#at++
      if (byte === close) return
      if (byte !== 0x2c) throw new Refused()
    }
  }

  #string(): string {
    this.#take(0x22)
    let text = ''
    for (;;) {
      const byte = this.#peek()
      if (byte === 0x22) break
      if (byte < 0x20) throw new Refused()
      if (byte === 0x5c) text += this.#escape()
      else text += byte < 0x80 ? this.#plain() : this.#character()
    }
    this.#at++
    if (text.includes('\0') || !text.isWellFormed()) throw new Refused()
    return text
  }

  #escape(): string {
    this.#at++
    const byte = this.#peek()
    this.#at++
    const plain = '"\\/bfnrt'.indexOf(String.fromCharCode(byte))
    if (plain !== -1) return '"\\/\b\f\n\r\t'.charAt(plain)
    if (byte !== 0x75) throw new Refused()
    let code = 0
    for (let digit = 0; digit < 4; digit++) {
      const value = '0123456789abcdef'.indexOf(String.fromCharCode(this.#peek()).toLowerCase())
      if (value === -1) throw new Refused()
      code = code * 16 + value
      this.#at++
    }
    return String.fromCharCode(code)
  }

  /** As much as there is of ASCII that stands for itself. */
  #plain(): string {
    const start = this.#at
    for (let byte = this.#peek(); byte >= 0x20 && byte < 0x80 && byte !== 0x22 && byte !== 0x5c; byte = this.#peek()) this.#at++
    return Buffer.from(this.#bytes.buffer, this.#bytes.byteOffset + start, this.#at - start).toString('latin1')
  }

  /** One character of UTF-8: the shortest form only, no surrogate, nothing above U+10FFFF. */
  #character(): string {
    const first = this.#peek()
    this.#at++
    const more = first >= 0xf0 ? 3 : first >= 0xe0 ? 2 : 1
    if (first < 0xc2 || first > 0xf4) throw new Refused()
    let code = first & (0x3f >> more)
    for (let left = more; left > 0; left--) {
      const byte = this.#peek()
      if (byte < 0x80 || byte > 0xbf) throw new Refused()
      code = code * 64 + (byte & 0x3f)
      this.#at++
    }
    const least = [0, 0x80, 0x800, 0x10000][more] ?? 0
    if (code < least || code > 0x10ffff || (code >= 0xd800 && code <= 0xdfff)) throw new Refused()
    return String.fromCodePoint(code)
  }

  #number(): number {
    const start = this.#at
    if (this.#peek() === 0x2d) this.#at++
    if (this.#peek() === 0x30) this.#at++
    else this.#digits()
    if (this.#peek() === 0x2e) {
      this.#at++
      this.#digits()
    }
    if ((this.#peek() | 0x20) === 0x65) {
      this.#at++
      if (this.#peek() === 0x2b || this.#peek() === 0x2d) this.#at++
      this.#digits()
    }
    return Number(Buffer.from(this.#bytes.subarray(start, this.#at)).toString('latin1'))
  }

  #digits(): void {
    const start = this.#at
    while (this.#peek() >= 0x30 && this.#peek() <= 0x39) this.#at++
    if (this.#at === start) throw new Refused()
  }

  #blank(): void {
    for (let byte = this.#peek(); byte === 0x20 || byte === 0x09 || byte === 0x0a || byte === 0x0d; byte = this.#peek())
      this.#at++
  }

  /** -1 at the end. */
  #peek(): number {
    return this.#bytes[this.#at] ?? -1
  }

  #take(wanted: number): void {
    if (this.#peek() !== wanted) throw new Refused()
    this.#at++
  }
}

/** Whether a value of JSON.parse is that value, member by member. */
export function isSame(mine: Json, theirs: unknown): boolean {
  if (Array.isArray(mine)) {
    return Array.isArray(theirs) && mine.length === theirs.length && mine.every((item, at) => isSame(item, theirs[at]))
  }
  if (mine instanceof Map) {
    if (typeof theirs !== 'object' || theirs === null || Array.isArray(theirs)) return false
    const members = new Map<string, unknown>(Object.entries(theirs))
    return members.size === mine.size && [...mine].every(([name, value]) => members.has(name) && isSame(value, members.get(name)))
  }
  return Object.is(mine, theirs)
}
