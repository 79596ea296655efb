// The grammars of the distribution specification once more, character by character and without a regular expression.

const isDigit = (character: string): boolean => character >= '0' && character <= '9'
const isLower = (character: string): boolean => character >= 'a' && character <= 'z'
const isUpper = (character: string): boolean => character >= 'A' && character <= 'Z'

/** Letters and digits in lower case, with `.`, `_`, `__` or dashes between them; parts divided by `/`. */
export function isName(text: string): boolean {
  if (text.length > 255) return false
  return text.split('/').every(isComponent)
}

function isComponent(text: string): boolean {
  const inside = (character: string | undefined) => character !== undefined && (isDigit(character) || isLower(character))
  if (!inside(text[0]) || !inside(text.at(-1))) return false
  let between = ''
  for (const character of text) {
    if (!inside(character)) between += character
    else if (!['', '.', '_', '__'].includes(between) && [...between].some((one) => one !== '-')) return false
    else between = ''
  }
  return true
}

export function isTag(text: string): boolean {
  const word = (character: string) => isDigit(character) || isLower(character) || isUpper(character) || character === '_'
  const [first = '', ...rest] = text
  return text.length <= 128 && word(first) && rest.every((character) => word(character) || character === '.' || character === '-')
}

export function isKnownDigest(text: string): boolean {
  const colon = text.indexOf(':')
  const hex = text.slice(colon + 1)
  const length = { sha256: 64, sha512: 128 }[text.slice(0, colon)]
  return hex.length === length && hex.split('').every((character) => isDigit(character) || (character >= 'a' && character <= 'f'))
}

/** RFC 6838, section 4.2. */
export function isMediaType(text: string): boolean {
  const parts = text.split('/')
  return parts.length === 2 && parts.every(isRestrictedName)
}

function isRestrictedName(text: string): boolean {
  const [first = '', ...rest] = text
  const letter = (character: string) => isDigit(character) || isLower(character) || isUpper(character)
  return text.length <= 127 && letter(first) && rest.every((character) => letter(character) || '!#$&-^_.+'.includes(character))
}
