import { DatabaseError, type Outcome } from '../database/index.ts'
import type { Soon } from '../lib/index.ts'
import { errorTable, RegistryError, type ErrorCode } from '../oci/index.ts'
import { StorageError } from '../storage/index.ts'

/** The result of a transaction, or its refusal as the error that the client sees. */
export function resultOf<Result>(outcome: Outcome<Result>): Result {
  if ('ok' in outcome) return outcome.ok
  throw refusal(outcome.refused, outcome.detail)
}

function refusal(code: string, detail: unknown): RegistryError {
  if (code === 'REPOSITORY_FROZEN') {
    return new RegistryError('DENIED', { message: 'this repository is frozen: nothing can be changed in it until it is opened again' })
  }
  if (code === 'PROJECT_ARCHIVED') {
    const message = 'this project is archived: everything in it can be pulled and nothing can be changed until it is unarchived'
    return new RegistryError('DENIED', { message })
  }
  // In the words for what is hidden: who may not make a project learns nothing of those that are there.
  if (code === 'PROJECT_ABSENT') return new RegistryError('DENIED')
  if (code === 'REPOSITORY_ABSENT') {
    const message = 'this repository does not exist yet, and you may not create repositories in this project; ask one of its administrators'
    return new RegistryError('DENIED', { message })
  }
  if (code === 'MANIFEST_BLOB_UNKNOWN' && Array.isArray(detail)) {
    return new RegistryError(code, {
      entries: detail.map((digest: unknown) => ({
        detail: { digest },
        message: `the manifest names ${String(digest)}, which this repository does not have; push it first`,
      })),
    })
  }
  const message = aboutTrash(code, (detail ?? {}) as TrashRefusal)
  if (message !== undefined) return new RegistryError(code as ErrorCode, { message, detail })
  if (code === 'DENIED') return new RegistryError(code, { message: aboutTag(detail as TagRefusal), detail })
  if (!(code in errorTable)) throw new Error(`a transaction refused with the unknown code "${code}"`)
  return new RegistryError(code as ErrorCode, { detail })
}

interface TrashRefusal {
  readonly tag?: string
  readonly digest?: string
  /** The number of what has to come back first. */
  readonly trash?: number
}

/** What stands in the way of something that is to come back, and what to do about it. */
function aboutTrash(code: string, { tag = '', digest = 'something else', trash }: TrashRefusal): string | undefined {
  if (code === 'TAG_EXISTS') return `there is a tag ${tag} again, which names ${digest}; delete it first, or leave what is in the trash there`
  if (code === 'MANIFEST_GONE') return `the repository has no ${digest}: it is gone, or was never there; push it, then the tag can point at it`
  const first = `\`berth trash restore ${trash ?? ''}\``
  if (code === 'MANIFEST_IN_TRASH') return `${digest} is in the trash itself; restore that first${trash === undefined ? '' : `: ${first}`}`
  if (code !== 'REPOSITORY_IN_TRASH' && code !== 'PROJECT_IN_TRASH') return undefined
  const kind = code === 'PROJECT_IN_TRASH' ? 'project' : 'repository'
  return `the ${kind} that it was deleted from is in the trash itself: ${first} first, or \`berth trash purge ${trash ?? ''}\` for all of it`
}

interface TagRefusal {
  readonly tag: string
  readonly rule?: string
}

function aboutTag({ tag, rule }: TagRefusal): string {
  return `you may not do this to the tag ${tag}${rule === undefined ? '' : `: ${rule}`}`
}

/** What a failure below the core means to a client. Anything unknown stays an inner error with its cause. */
export function registryError(error: unknown): RegistryError {
  if (error instanceof RegistryError) return error
  if (error instanceof StorageError || error instanceof DatabaseError) {
    if (error.code === 'full') return new RegistryError('STORAGE_FULL', { cause: error })
    // Only an upload asks for bytes that must be there: its session can't go on, the client begins a new one.
    if (error.code === 'missing') return new RegistryError('BLOB_UPLOAD_UNKNOWN', { cause: error })
    if (error.code === 'unavailable' || error.code === 'locked') return new RegistryError('UNAVAILABLE', { cause: error })
  }
  return new RegistryError('UNKNOWN', { cause: error })
}

type AnyCall = (...args: never[]) => unknown

/** The same calls, whose failures are all RegistryErrors. */
export function withRegistryErrors<Calls extends { readonly [name in keyof Calls]: AnyCall }>(calls: Calls): Calls {
  const guarded = Object.entries<AnyCall>(calls).map(([name, call]) => [name, withRegistryError(call)])
  return Object.freeze(Object.fromEntries(guarded) as Calls)
}

/** The same call, whose failure is always a promise that rejects with a RegistryError. What it gives at once, it still gives at once. */
export function withRegistryError<Args extends readonly unknown[], Result>(
  call: (...args: Args) => Soon<Result>,
): (...args: Args) => Soon<Result> {
  return (...args) => {
    try {
      const result = call(...args)
      return result instanceof Promise ? result.catch(rethrow) : result
    } catch (error) {
      return Promise.reject(registryError(error))
    }
  }
}

function rethrow(error: unknown): never {
  throw registryError(error)
}
