import { AccessError } from '../access-error.ts'
import { createTurns } from './turns.ts'

/** How passwords become hashes. Replaced in tests, which count. */
export interface PasswordHashing {
  hash(password: string): Promise<string>
  /** Reads what `hash` wrote, and bcrypt. */
  verify(password: string, hash: string): Promise<boolean>
}

/**
 * Argon2id with what OWASP asks for at least (19 MiB, two passes, one lane): 49 ms of one core of the machine that docs/benchmarks.md
 * describes. More would not stop whoever has the hashes of weak passwords, which are refused, and would let fewer people log in at once.
 */
const argon2id = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const
const ours = `$argon2id$v=19$m=${argon2id.memoryCost},t=${argon2id.timeCost},p=1$`

/** Both run in Bun's own threads, not where requests are answered. */
export const argon2Hashing: PasswordHashing = Object.freeze({
  hash: (password: string) => Bun.password.hash(password, argon2id),
  verify: (password: string, hash: string) => Bun.password.verify(password, hash),
})

/** Of a password that nobody knows, with the parameters above: what is compared for a user who is not there. */
const nobodys = `${ours}MswQCnI9ZUs8AlafiW7feM6CaGdggGL15KQ/yNt4vYw$++xlcfES9jUyhL35tU+9Ijfb2Lu2pl3EF1YDkZpXxwk`

/** Characters of the longest password; argon2 would take the time to read more. */
export const longestPassword = 256

export interface Passwords {
  /**
   * Whether it is the password of the hash. Without a hash it is nobody's, which takes as long to say.
   * `busy`: too many are being checked already, nothing was compared.
   * @param from who is to take turns with the others: a network or a name
   */
  check(password: string, hash: string | undefined, from: string): Promise<'right' | 'wrong' | 'busy'>
  /** Fails with AccessError BUSY. */
  hash(password: string, from: string): Promise<string>
  /** Whether the hash is to be made anew at the next login: it was imported, or made with other parameters. */
  isOutdated(hash: string): boolean
}

export interface PasswordsDeps {
  readonly hashing: PasswordHashing
  /** So many are computed at once: each takes a core and 19 MiB. */
  readonly atOnce: number
}

/** So many wait behind those that are being computed: a second or two of work on one core. */
const waiting = 32
/** So many of them from one network, so that it can't keep the others from logging in. */
const waitingFromOne = 8

/** Passwords, with a bound on what a flood of them can take. */
export function createPasswords({ hashing, atOnce }: PasswordsDeps): Passwords {
  const turns = createTurns({ atOnce, waiting, waitingFromOne })
  return Object.freeze<Passwords>({
    check: async (password, hash, from) => {
      if (password.length > longestPassword) return 'wrong'
      const turn = turns.take(from)
      if (turn === undefined) return 'busy'
      const release = await turn
      try {
        const matches = await hashing.verify(password, readable(hash ?? nobodys))
        // An imported hash may be compared in a millisecond, which would tell that there is such an account, and let guesses be made faster.
        if (!matches && hash !== undefined && isOutdated(hash)) await hashing.verify(password, nobodys)
        return matches && hash !== undefined ? 'right' : 'wrong'
      } finally {
        release()
      }
    },
    hash: async (password, from) => {
      const turn = turns.take(from)
      if (turn === undefined) throw new AccessError('BUSY')
      const release = await turn
      try {
        return await hashing.hash(password)
      } finally {
        release()
      }
    },
    isOutdated,
  })
}

function isOutdated(hash: string): boolean {
  return !hash.startsWith(ours)
}

/** Apache writes its bcrypt as `2y`, which is what others call `2b`. */
function readable(hash: string): string {
  return hash.startsWith('$2y$') ? `$2b$${hash.slice(4)}` : hash
}
