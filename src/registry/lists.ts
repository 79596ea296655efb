import type { Database } from '../database/index.ts'
import { RegistryError, type Digest, type ReferrerDescriptor } from '../oci/index.ts'
import { admit, checkPlace } from './admission.ts'
import {
  referrerPage,
  referrerPageOfType,
  referrerWeights,
  referrerWeightsOfType,
  repositoryId,
  repositoryPage as pageOfAll,
  tagPage,
  type ReferrerRow,
} from './list-store.ts'
import type { Authorize, RepositoryPage } from './ports.ts'
import type { Lists, NamePage, Page, ReferrerPage, ReferrersPage } from './registry.ts'
import type { WholeLists } from './whole-lists.ts'

export interface ListDeps {
  readonly database: Database
  readonly authorize: Authorize
  readonly repositoryPage: RepositoryPage
  readonly wholeLists: WholeLists
}

/** A list without a limit is answered whole; this is only what an index scan may be asked for. */
const everything = 2 ** 31 - 2

/** Bytes of annotations on one page of referrers: anybody may push thousands of manifests with megabytes of them each. */
const heaviestPage = 4 * 1024 * 1024

/** The catalog of everybody, while there is no access control. */
export function everyRepository(database: Database): RepositoryPage {
  return (_actor, last, limit) => database.all(pageOfAll, last, limit)
}

export function createLists({ database, authorize, repositoryPage, wholeLists }: ListDeps): Lists {
  return {
    tags: async (actor, repository, page) => {
      const project = await admit(authorize, actor, 'pull', repository)
      const found = await database.one(repositoryId, repository)
      checkPlace(project, found)
      if (found === undefined) throw new RegistryError('NAME_UNKNOWN')
      if (page.limit === undefined && page.last === undefined) return { names: await wholeLists.tags(found.id), more: false }
      return names(await database.all(tagPage, found.id, page.last ?? '', oneMore(page)), page)
    },
    repositories: async (actor, page) => {
      await admit(authorize, actor, 'list')
      return names(await repositoryPage(actor, page.last ?? '', oneMore(page)), page)
    },
    referrers: async (actor, repository, subject, page) => {
      const project = await admit(authorize, actor, 'pull', repository)
      const found = await database.one(repositoryId, repository)
      checkPlace(project, found)
      if (found === undefined) return { descriptors: [], next: undefined }
      return await referrerPages(database, found.id, subject, page)
    },
  }
}

/** A page ends early where its annotations would become too heavy, but holds one referrer at least. */
async function referrerPages(database: Database, repository: number, subject: Digest, page: ReferrersPage): Promise<ReferrerPage> {
  const from = [repository, subject, page.last ?? ''] as const
  const type = page.artifactType === undefined ? [] : [page.artifactType]
  const [weights, rows] =
    page.artifactType === undefined ? [referrerWeights, referrerPage] : [referrerWeightsOfType, referrerPageOfType]
  const bearable = countBearable(await database.all(weights, ...from, oneMore(page), ...type))
  const lighter = { limit: Math.min(page.limit ?? everything, bearable), last: page.last }
  return descriptors(await database.all(rows, ...from, oneMore(lighter), ...type), lighter)
}

function countBearable(weights: readonly { readonly bytes: number }[]): number {
  let total = 0
  const end = weights.findIndex(({ bytes }, index) => (total += bytes) > heaviestPage && index > 0)
  return end === -1 ? weights.length : end
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
