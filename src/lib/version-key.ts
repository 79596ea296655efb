/** Words that make a version one that comes before it, in their order: `2.0-alpha` < `2.0-beta` < `2.0-rc` < `2.0`. */
const before = ['dev|nightly|snapshot|canary', 'alpha', 'beta', 'milestone', 'preview|pre', 'rc|cr']
const early = new RegExp(`^[-._]?(?:${before.map((words) => `(${words})`).join('|')})(?=[-._\\d]|$)[-._]?`)

/**
 * A text whose byte order is the natural order of versions: numbers count as numbers, of whatever length, `v` before one is left out,
 * upper and lower case are the same. What is no version comes before all that are one.
 *
 *     latest < main < v1.9 < 1.10 < v2.0-alpha < v2.0-rc1 < v2.0-rc2 < v2.0 < v2.0-alpine < v2.0.1 < v2.1
 *
 * In it a number is a letter for how many digits it has, then the digits; `!` and a digit stand for a word of `before`, `#` for the end. Of
 * what may follow the same beginning, `!` is the smallest and `#` the next.
 *
 * @param name letters, digits, `_`, `.`, `-`: 128 of them give a text of at most 300
 */
export function versionKey(name: string): string {
  const text = name.toLowerCase()
  const version = /^v?(?=\d)/.exec(text)
  let key = version === null ? '0' : '1'
  for (let rest = text.slice(version?.[0].length ?? 0); rest !== ''; ) {
    const digits = /^\d+/.exec(rest)?.[0]
    const word = version !== null && digits === undefined && !key.includes('!') ? early.exec(rest) : null
    if (digits !== undefined) key += numberKey(digits)
    else if (word !== null) key += `!${word.slice(1).findIndex((found) => found !== undefined)}`
    else key += rest.charAt(0)
    rest = rest.slice(digits?.length ?? word?.[0].length ?? 1)
  }
  return `${key}#`
}

const letters = 'ABCDEFGHIJKLMNOPQRSTUVWXY'

function numberKey(digits: string): string {
  const number = digits.replace(/^0+(?=\d)/, '')
  const letter = letters[number.length - 1]
  return letter === undefined ? `Z${String(number.length).padStart(3, '0')}${number}` : `${letter}${number}`
}
