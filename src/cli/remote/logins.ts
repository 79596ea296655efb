import { mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Who this person is at one server. */
export interface Login {
  readonly user: string
  /** A password, or better a personal token. */
  readonly secret: string
  /** Path of the certificates that the server's is checked against; absent: those that everybody trusts. */
  readonly caFile?: string | undefined
}

interface Kept {
  /** The origin that is meant where none is named. */
  readonly current: string | undefined
  readonly logins: Readonly<Record<string, Login>>
}

/** The logins of whoever runs the command line. */
export interface Logins {
  /** Of the server with this origin, or of the one logged in to last. */
  find(origin: string | undefined): { readonly origin: string; readonly login: Login | undefined } | undefined
  keep(origin: string, login: Login): void
  /** Whether there was one. */
  forget(origin: string): boolean
}

/** The file of logins cannot be read or written, or is something else. */
export class LoginsUnusable extends Error {
  constructor(file: string, cause: unknown) {
    super(`${file}: ${cause instanceof Error ? cause.message : 'it holds something else; remove it and log in again'}`, { cause })
    this.name = 'LoginsUnusable'
  }
}

/** Kept in `logins.json` of this folder, which nobody else may read. */
export function openLogins(folder: string): Logins {
  const file = join(folder, 'logins.json')
  const read = (): Kept => readKept(file)
  return Object.freeze({
    find(origin) {
      const { current, logins } = read()
      const wanted = origin ?? current
      return wanted === undefined ? undefined : { origin: wanted, login: Object.hasOwn(logins, wanted) ? logins[wanted] : undefined }
    },
    keep(origin, login) {
      write(folder, file, { current: origin, logins: { ...read().logins, [origin]: login } })
    },
    forget(origin) {
      const { current, logins } = read()
      if (!Object.hasOwn(logins, origin)) return false
      const left = Object.fromEntries(Object.entries(logins).filter(([each]) => each !== origin))
      write(folder, file, { current: current === origin ? undefined : current, logins: left })
      return true
    },
  } satisfies Logins)
}

function readKept(file: string): Kept {
  try {
    const found: unknown = JSON.parse(readFileSync(file, 'utf8'))
    if (isKept(found)) return found
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { current: undefined, logins: {} }
    throw new LoginsUnusable(file, error)
  }
  throw new LoginsUnusable(file, undefined)
}

function isKept(value: unknown): value is Kept {
  return typeof value === 'object' && value !== null && 'logins' in value && typeof value.logins === 'object' && value.logins !== null
}

/** Written whole beside the old one and put in its place: a second command never reads half of it. */
function write(folder: string, file: string, kept: Kept): void {
  const beside = `${file}.${process.pid}`
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 })
    writeFileSync(beside, `${JSON.stringify(kept, undefined, 2)}\n`, { mode: 0o600, flag: 'wx' })
    renameSync(beside, file)
  } catch (error) {
    rmSync(beside, { force: true })
    throw new LoginsUnusable(file, error)
  }
}
