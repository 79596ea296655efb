import { namespaceOf, parseRepositoryName, parseTag, type Digest } from '../../src/oci/index.ts'
import type { Actor, TrashEntry } from '../../src/registry/index.ts'
import type { Send } from './api.ts'
import type { Keys } from './happening.ts'

const name = parseRepositoryName
const [entriesAtMost, movesAtMost] = [1_000, 1_000]

const keysOf = ({ id, path, kind, digest, tag }: TrashEntry): Keys => ({
  repository: path,
  trash: id,
  kind,
  digest,
  tags: tag === undefined ? [] : [tag],
})

/** Looking into the trash, and taking things out of it. */
export function trashCalls(send: Send, actor: Actor) {
  return {
    listTrash: (repository: string) =>
      send({
        operation: 'trash.list',
        keys: { repository },
        run: async ({ trash }) => {
          const place = { project: namespaceOf(name(repository)), repository: name(repository) }
          return (await trash.list(actor, place, { limit: entriesAtMost, last: undefined })).entries
        },
      }),
    showTrash: (entry: TrashEntry) => send({ operation: 'trash.show', keys: keysOf(entry), run: ({ trash }) => trash.get(actor, entry.id) }),
    restore: (entry: TrashEntry) => send({ operation: 'trash.restore', keys: keysOf(entry), run: ({ trash }) => trash.restore(actor, entry.id) }),
    purge: (entry: TrashEntry) => send({ operation: 'trash.purge', keys: keysOf(entry), run: ({ trash }) => trash.purge(actor, entry.id) }),
  }
}

/** Tags, what they were, and the way back. None of the writes comes twice: it would be two. */
export function tagCalls(send: Send, actor: Actor) {
  return {
    deleteTag: (repository: string, tag: string) =>
      send({
        operation: 'tag.delete',
        keys: { repository, tags: [tag] },
        once: true,
        run: ({ deletes }) => deletes.manifest(actor, name(repository), { kind: 'tag', tag: parseTag(tag) }),
      }),
    tagHistory: (repository: string, tag: string) =>
      send({
        operation: 'tag.history',
        keys: { repository, tags: [tag] },
        run: ({ tags }) => tags.history(actor, name(repository), parseTag(tag), { limit: movesAtMost, after: undefined }),
      }),
    tagAt: (repository: string, tag: string, at: number) =>
      send({
        operation: 'tag.at',
        keys: { repository, tags: [tag], at },
        run: ({ tags }) => tags.at(actor, name(repository), parseTag(tag), at),
      }),
    revertTag: (repository: string, tag: string, to: { readonly digest: Digest } | { readonly at: number }, expected: Digest | undefined) =>
      send({
        operation: 'tag.revert',
        keys: { repository, tags: [tag], ...to },
        once: true,
        run: ({ tags }) => tags.revert(actor, name(repository), parseTag(tag), { to, expected }),
      }),
  }
}
