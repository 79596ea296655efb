import { andThen, type Soon } from '../lib/index.ts'
import type { RepositoryName } from '../oci/index.ts'
import type { Registry } from '../registry/index.ts'
import type { Aliases } from './aliases.ts'

type Later = <T>(name: RepositoryName, use: (present: RepositoryName) => Promise<T>) => Promise<T>

/**
 * The same registry, asked by names that projects had before as well. The only place where such a name is followed: what comes
 * after it, the decision who may do it first of all, knows a repository by its present name alone.
 */
export function resolvingRegistry({ pull, uploads, push, deletes, lists, tags, trash }: Registry, { resolve, project }: Aliases): Registry {
  /** At once where the name is known; a failure is always a promise that rejects. */
  function at<T>(name: RepositoryName, use: (present: RepositoryName) => Soon<T>): Soon<T> {
    try {
      return andThen(resolve(name), use)
    } catch (error) {
      return Promise.reject(error as Error)
    }
  }
  const later: Later = async (name, use) => await use(await resolve(name))
  return Object.freeze<Registry>({
    pull: {
      manifest: (actor, name, reference) => at(name, (present) => pull.manifest(actor, present, reference)),
      statManifest: (actor, name, reference) => at(name, (present) => pull.statManifest(actor, present, reference)),
      blob: (actor, name, digest) => at(name, (present) => pull.blob(actor, present, digest)),
      statBlob: (actor, name, digest) => at(name, (present) => pull.statBlob(actor, present, digest)),
    },
    uploads: {
      begin: (actor, name) => later(name, (present) => uploads.begin(actor, present)),
      mount: async (actor, name, digest, from) =>
        await uploads.mount(actor, await resolve(name), digest, from === undefined ? undefined : await resolve(from)),
      status: (actor, name, id) => later(name, (present) => uploads.status(actor, present, id)),
      append: (actor, name, id, body) => later(name, (present) => uploads.append(actor, present, id, body)),
      finish: (actor, name, id, digest, body) => later(name, (present) => uploads.finish(actor, present, id, digest, body)),
      pushWhole: (actor, name, digest, body) => later(name, (present) => uploads.pushWhole(actor, present, digest, body)),
      cancel: (actor, name, id) => later(name, (present) => uploads.cancel(actor, present, id)),
    },
    push: { manifest: (actor, name, reference, upload) => later(name, (present) => push.manifest(actor, present, reference, upload)) },
    deletes: {
      manifest: (actor, name, reference, condition) => later(name, (present) => deletes.manifest(actor, present, reference, condition)),
      blob: (actor, name, digest) => later(name, (present) => deletes.blob(actor, present, digest)),
    },
    lists: {
      tags: (actor, name, page) => later(name, (present) => lists.tags(actor, present, page)),
      repositories: (actor, page) => lists.repositories(actor, page),
      referrers: (actor, name, subject, page) => later(name, (present) => lists.referrers(actor, present, subject, page)),
    },
    tags: resolvingTags(tags, later),
    trash: resolvingTrash(trash, { resolve, project }),
  })
}

function resolvingTags(tags: Registry['tags'], later: Later): Registry['tags'] {
  return {
    list: (actor, name, page) => later(name, (present) => tags.list(actor, present, page)),
    get: (actor, name, tag) => later(name, (present) => tags.get(actor, present, tag)),
    history: (actor, name, tag, page) => later(name, (present) => tags.history(actor, present, tag, page)),
    at: (actor, name, tag, moment) => later(name, (present) => tags.at(actor, present, tag, moment)),
    revert: (actor, name, tag, revert) => later(name, (present) => tags.revert(actor, present, tag, revert)),
  }
}

function resolvingTrash(trash: Registry['trash'], { resolve, project: presentProject }: Aliases): Registry['trash'] {
  return {
    ...trash,
    list: async (actor, { project, repository, kind }, page) => {
      const place = { project: await presentProject(project), kind, repository: repository && (await resolve(repository)) }
      return await trash.list(actor, place, page)
    },
  }
}
