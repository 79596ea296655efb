import type { Affected, Finding } from './finding.ts'
import type { Scene } from './check.ts'
import { holdersOfBlob, manifestHoldersOfBlob, mostListed, parentsOf, tagsOf } from './integrity-store.ts'

type Reader = Scene['database']

/** An index of indexes of manifests is deeper than anything clients push. */
const deepest = 3


/** The finding, with the repositories that have this blob and the tags that lead to it. */
export async function affectingBlob(database: Reader, found: Finding, blobId: number, digest: string): Promise<Finding> {
  const linked = await database.all(holdersOfBlob, blobId)
  const manifests = await database.all(manifestHoldersOfBlob, blobId)
  const holders = [...new Map([...linked, ...manifests].map((holder) => [holder.id, holder])).values()]
  const affected: Affected[] = []
  let more = holders.length > mostListed
  for (const { id, path } of holders.slice(0, mostListed)) {
    const tags = await tagsLeadingTo(database, id, digest)
    affected.push({ repository: path, tags: tags.names })
    more ||= tags.more
  }
  return { ...found, affected: affected.sort((a, b) => (a.repository < b.repository ? -1 : 1)), more }
}

/** The finding, which affects one repository and the tags of it that lead to the digest. */
export async function affectingRepository(
  database: Reader,
  found: Finding,
  repository: { readonly id: number; readonly path: string | null },
  digest: string,
): Promise<Finding> {
  if (repository.path === null) return found
  const { names, more } = await tagsLeadingTo(database, repository.id, digest)
  return { ...found, affected: [{ repository: repository.path, tags: names }], more }
}

/** Tags of the manifests that are, or refer to, this digest. */
async function tagsLeadingTo(database: Reader, repositoryId: number, digest: string): Promise<{ names: string[]; more: boolean }> {
  const names = new Set<string>()
  const seen = new Set([digest])
  let level = [digest]
  let more = false
  for (let depth = 0; depth <= deepest && level.length > 0; depth++) {
    const parents: string[] = []
    for (const each of level) {
      for (const { name } of await database.all(tagsOf, repositoryId, each)) names.add(name)
      for (const parent of await database.all(parentsOf, repositoryId, each)) {
        if (!seen.has(parent.digest)) parents.push(parent.digest)
        seen.add(parent.digest)
      }
    }
    more ||= parents.length > mostListed
    level = parents.slice(0, mostListed)
  }
  const sorted = [...names].sort()
  return { names: sorted.slice(0, mostListed), more: more || sorted.length > mostListed }
}
