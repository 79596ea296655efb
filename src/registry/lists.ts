import type { Database } from '../database/index.ts'
import { RegistryError, type Digest, type ReferrerDescriptor } from '../oci/index.ts'
import { admit } from './admission.ts'
import { referrerPage, referrerPageOfType, repositoryId, repositoryPage, tagPage, type ReferrerRow } from './list-store.ts'
import type { Authorize } from './ports.ts'
import type { Lists, NamePage, Page, ReferrerPage } from './registry.ts'

export interface ListDeps {
  readonly database: Database
  readonly authorize: Authorize
}

/** A list without a limit is answered whole; this is only what an index scan may be asked for. */
const everything = 2 ** 31 - 2

export function createLists({ database, authorize }: ListDeps): Lists {
  return {
    tags: async (actor, repository, page) => {
      await admit(authorize, actor, 'pull', repository)
      const found = await database.one(repositoryId, repository)
      if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
      return names(await database.all(tagPage, found.id, page.last ?? '', oneMore(page)), page)
    },
    repositories: async (actor, page) => {
      await admit(authorize, actor, 'list')
      return names(await database.all(repositoryPage, page.last ?? '', oneMore(page)), page)
    },
    referrers: async (actor, repository, subject, page) => {
      await admit(authorize, actor, 'pull', repository)
      const found = await database.one(repositoryId, repository)
      if (found === undefined) return { descriptors: [], next: undefined }
      const from = [found.id, subject, page.last ?? '', oneMore(page)] as const
      const rows =
        page.artifactType === undefined
          ? await database.all(referrerPage, ...from)
          : await database.all(referrerPageOfType, ...from, page.artifactType)
      return descriptors(rows, page)
    },
  }
}

/** One row beyond the page tells whether there is a next one. A page of nothing asks for nothing. */
function oneMore({ limit }: Page): number {
  return limit === 0 ? 0 : Math.min(limit ?? everything, everything) + 1
}

function names(rows: readonly { readonly name: string }[], { limit }: Page): NamePage {
  const shown = rows.slice(0, limit)
  return { names: shown.map(({ name }) => name), more: rows.length > shown.length }
}

function descriptors(rows: readonly ReferrerRow[], { limit }: Page): ReferrerPage {
  const shown = rows.slice(0, limit)
  return { descriptors: shown.map(descriptor), next: rows.length > shown.length ? shown.at(-1)?.digest : undefined }
}

function descriptor(row: ReferrerRow): ReferrerDescriptor {
  return {
    mediaType: row.media_type,
    size: row.size,
    digest: row.digest as Digest,
    artifactType: row.artifact_type ?? undefined,
    annotations: JSON.parse(row.annotations) as Record<string, string>,
  }
}
