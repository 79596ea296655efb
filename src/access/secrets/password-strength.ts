import { longestPassword } from './passwords.ts'
import { secretKind } from './secret.ts'

/** Characters of the shortest password. */
const shortestPassword = 10

/** Fewer different characters than this are a pattern. */
const fewestDifferent = 5

/**
 * Words that passwords are made of most often, and those that other registries and databases come with: what an attacker tries first.
 * Compared without case, without what stands around them, and with the usual replacements undone.
 */
const wellKnown = new Set(
  (
    'password passwort passphrase passwd pass secret admin administrator root toor letmein welcome login changeme changeit default guest user ' +
    'test testing tester demo temp temporary example sample hello master access superuser supervisor system manager operator service ' +
    'qwerty qwertz azerty qwertyuiop qwertzuiop asdfghjkl asdfgh zxcvbn zxcvbnm qazwsx qazwsxedc abc abcd abcdef abcdefgh iloveyou ' +
    'monkey dragon football baseball basketball soccer sunshine princess shadow superman batman michael jordan ashley trustno ' +
    'whatever freedom summer winter spring autumn january february october november december computer internet server ' +
    'harbor harborl nexus artifactory jfrog sonatype quay gitlab github gitea docker registry berth container kubernetes ' +
    'postgres postgresql mysql oracle minio minioadmin adminadmin passwordpassword correcthorsebatterystaple'
  ).split(' '),
)

export interface AboutOwner {
  readonly name: string
  readonly email?: string | undefined
}

/**
 * What is wrong with a password, as a sentence for whoever chose it; absent for one that may be used. It refuses what is guessed first:
 * words that everybody uses, with digits around them or not, the owner's name, repetitions and runs of the keyboard.
 */
export function passwordFault(password: string, { name, email }: AboutOwner): string | undefined {
  if (password.length < shortestPassword) return `the password needs at least ${shortestPassword} characters; a few words are easy to remember`
  if (password.length > longestPassword) return `the password has more than ${longestPassword} characters`
  if (secretKind(password) !== undefined) return 'the password looks like a token; choose another one'
  if (new Set(password).size < fewestDifferent) return 'the password repeats a few characters; use more different ones'
  if (isRun(password)) return 'the password is a run of characters that stand side by side; choose another one'
  const core = coreOf(password)
  const mailbox = email?.split('@', 1)[0] ?? ''
  for (const own of [name, mailbox].map(coreOf)) {
    // A short name occurs in good passwords too.
    if (own.length >= 4 && core.includes(own) && core.length - own.length < 6) return 'the password is made of the name of its owner; choose another one'
  }
  if (wellKnown.has(core) || wellKnown.has(halfOf(core)) || wellKnown.has(core.replace(/1/g, 'l'))) {
    return 'the password is one that everybody tries first; choose another one'
  }
  return undefined
}

const replaced: Readonly<Record<string, string>> = { '0': 'o', '3': 'e', '4': 'a', '5': 's', '7': 't', '@': 'a', $: 's', '!': 'i' }

/** The letters that make the word: `harborl` of `Harbor12345`, `password` of `P@ssw0rd!!2024`. */
function coreOf(password: string): string {
  const inner = password.toLowerCase().replace(/^[^a-z@$]+|[^a-z@$]+$/g, '').replace(/[@$]+$/, '')
  return inner.replace(/[03457@$!]/g, (sign) => replaced[sign] ?? sign).replace(/[^a-z1]/g, '')
}

/** `admin` of `adminadmin`. */
function halfOf(text: string): string {
  const half = text.slice(0, text.length / 2)
  return half + half === text ? half : text
}

const runs = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'asdfghjkl', 'zxcvbnm', 'qwertzuiop', 'azertyuiop', '1qaz2wsx3edc4rfv5tgb6yhn7ujm']

/** Whether most characters follow the one before them, in the alphabet, in the digits or on a keyboard. */
function isRun(password: string): boolean {
  const text = password.toLowerCase()
  let followed = 0
  for (let at = 1; at < text.length; at++) {
    const two = text.slice(at - 1, at + 1)
    const back = `${two[1]}${two[0]}`
    if (two === back || runs.some((run) => run.includes(two) || run.includes(back))) followed++
  }
  return followed >= (text.length - 1) * 0.8
}
