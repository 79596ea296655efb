import { namespaceOf, parseRepositoryName, parseTag, RegistryError, type Digest } from '../../src/oci/index.ts'
import type { TrashEntry } from '../../src/registry/index.ts'
import { actor, type Ask, type Core } from './core.ts'
import type { UndoOperation } from './operation.ts'

const everything = { limit: 1_000, last: undefined }

/** What the core answers about its trash and the history of its tags, in the words of the specification: numbers and people are left out. */
export function prepareUndo({ registry, clock }: Core, operation: UndoOperation): Ask {
  const { tags, trash } = registry
  const repository = parseRepositoryName(operation.repository)
  const list = async (): Promise<readonly TrashEntry[]> =>
    (await trash.list(actor, { project: namespaceOf(repository), repository }, everything)).entries
  switch (operation.kind) {
    case 'trash':
      return async () => (await list()).map(({ kind, digest, tag = null, tags: lost, purgeAt }) => ({ kind, digest, tag, tags: lost, purgeAt }))
    case 'restore':
      return async () => await trash.restore(actor, await numberOf(list, operation.number))
    case 'purge':
      return async () => await trash.purge(actor, await numberOf(list, operation.number))
    case 'history':
      return async () => {
        const { moves } = await tags.history(actor, repository, parseTag(operation.tag), { limit: 1_000, after: undefined })
        return moves.map(({ at, from = null, to = null }) => ({ at, from, to }))
      }
    case 'tag at':
      return async () => {
        const { digest, manifest } = await tags.at(actor, repository, parseTag(operation.tag), clock.now() - operation.ago)
        return { digest, manifest }
      }
    case 'revert': {
      const { to, expected } = operation
      const target = 'digest' in to ? { digest: to.digest as Digest } : { at: clock.now() - to.ago }
      return () => tags.revert(actor, repository, parseTag(operation.tag), { to: target, expected: expected as Digest | undefined })
    }
  }
}

/** Of the newest thing in the trash, the one before that, and so on. */
async function numberOf(list: () => Promise<readonly TrashEntry[]>, number: number): Promise<number> {
  const entries = await list().catch((error: unknown) => {
    if (error instanceof RegistryError && error.code === 'NAME_UNKNOWN') return []
    throw error
  })
  return entries[number % Math.max(entries.length, 1)]?.id ?? 0
}
