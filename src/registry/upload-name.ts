import { timingSafeEqual } from 'node:crypto'
import type { Clock, Ids } from '../lib/index.ts'
import type { RepositoryName } from '../oci/index.ts'

/**
 * The name of a session, as it stands in its Location: a UUID, when it was begun, and our signature of both and of whose it is.
 * So a session needs no row before its first bytes are written: its name alone proves that it was begun, here or on another
 * node, before a kill or after it.
 */
export interface UploadNames {
  issue(repository: RepositoryName, identity: string | undefined): UploadName
  /** Absent for a name that was never issued, or for another repository or actor. */
  read(text: string, repository: RepositoryName, identity: string | undefined): UploadName | undefined
}

export interface UploadName {
  readonly text: string
  /** UUID: the session's key in the database. */
  readonly id: string
  /** Ms since the epoch. */
  readonly begunAt: number
}

const form = /^([0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12})\.([0-9a-z]{1,10})\.([\w-]{22})$/

/** `secret` is the same on every node that serves this database. */
export function createUploadNames(secret: string, { clock, ids }: { readonly clock: Clock; readonly ids: Ids }): UploadNames {
  const sign = (id: string, begunAt: string, repository: RepositoryName, identity: string | undefined): string => {
    // As JSON, so that no two different sessions have the same text to sign.
    const hmac = new Bun.CryptoHasher('sha256', secret)
    return hmac.update(JSON.stringify(['upload', id, begunAt, repository, identity ?? null])).digest('base64url').slice(0, 22)
  }
  return Object.freeze<UploadNames>({
    issue: (repository, identity) => {
      const [id, now] = [ids.uuid(), clock.now()]
      const begunAt = now.toString(36)
      return { text: `${id}.${begunAt}.${sign(id, begunAt, repository, identity)}`, id, begunAt: now }
    },
    read: (text, repository, identity) => {
      const [, id, begunAt, signature] = form.exec(text) ?? []
      if (id === undefined || begunAt === undefined || signature === undefined) return undefined
      const expected = Buffer.from(sign(id, begunAt, repository, identity))
      if (!timingSafeEqual(expected, Buffer.from(signature))) return undefined
      return { text, id, begunAt: Number.parseInt(begunAt, 36) }
    },
  })
}
