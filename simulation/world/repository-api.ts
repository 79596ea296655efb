import { namespaceOf, parseRepositoryName, parseTag } from '../../src/oci/index.ts'
import type { Actor, TrashEntry } from '../../src/registry/index.ts'
import { bytesOf, type Content } from '../rig/content.ts'
import type { Image, Send } from './api.ts'
import type { Ports } from './server.ts'

const name = parseRepositoryName
const entriesAtMost = 100

// Nothing may go on when it was given up, or it would meet what comes next under the same path.
const alone = { once: true, alone: true } as const

/** Repositories as a whole. */
export function repositoryCalls(send: Send, actor: Actor) {
  const by = { identity: actor.identity, address: actor.address }
  const commandOf = ({ projectId }: Ports, { id, path }: TrashEntry) => ({ trash: id, project: projectId(namespaceOf(name(path))), actor: by })
  const keysOf = ({ path, id }: TrashEntry) => ({ repository: path, trash: id })
  return {
    deleteRepository: (repository: string) =>
      send({
        operation: 'repository.delete',
        keys: { repository },
        ...alone,
        run: async ({ repositories, projectId }) => {
          await repositories.remove({ repository, project: projectId(namespaceOf(name(repository))), actor: by })
        },
      }),
    listRepositoryTrash: (repository: string) =>
      send({
        operation: 'repository.trash',
        keys: { repository },
        run: async ({ trash }) => {
          const place = { project: namespaceOf(name(repository)), repository: name(repository), kind: 'repository' as const }
          return (await trash.list(actor, place, { limit: entriesAtMost, last: undefined })).entries
        },
      }),
    restoreRepository: (entry: TrashEntry) =>
      send({ operation: 'repository.restore', keys: keysOf(entry), ...alone, run: (ports) => ports.repositories.restore(commandOf(ports, entry)) }),
    purgeRepository: (entry: TrashEntry) =>
      send({ operation: 'repository.purge', keys: keysOf(entry), ...alone, run: (ports) => ports.repositories.purge(commandOf(ports, entry)) }),
  }
}

/** Pushes by the one client of a repository. */
export function lonelyPushes(send: Send, actor: Actor) {
  return {
    pushAlone: (repository: string, content: Content) =>
      send({
        operation: 'upload.whole',
        keys: { repository, digest: content.digest },
        body: { bytes: bytesOf(content), pieces: 1 },
        ...alone,
        run: ({ uploads }, sent) => uploads.pushWhole(actor, name(repository), content.digest, sent),
      }),
    putAlone: (repository: string, { bytes, mediaType, digest, children }: Image, tag: string) =>
      send({
        operation: 'manifest.put',
        keys: { repository, digest, tags: [tag] },
        children,
        ...alone,
        run: async ({ push }) => {
          const upload = { contentType: mediaType, bytes, tags: [] }
          return (await push.manifest(actor, name(repository), { kind: 'tag', tag: parseTag(tag) }, upload)).digest
        },
      }),
  }
}
