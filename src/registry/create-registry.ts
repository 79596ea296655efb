import type { Database } from '../database/index.ts'
import type { Clock, Ids } from '../lib/index.ts'
import type { Digest } from '../oci/index.ts'
import type { BlobStore } from '../storage/index.ts'
import { createContentCache } from './content-cache.ts'
import { createRemovals } from './delete.ts'
import { withRegistryErrors } from './failure.ts'
import { createHotObjects } from './hot-objects.ts'
import { createLists, everyRepository } from './lists.ts'
import type { Authorize, EnsureRepository, Meter, RepositoryPage } from './ports.ts'
import { createPull, noMeter } from './pull.ts'
import { createAnything, createPush } from './push.ts'
import type { Registry } from './registry.ts'
import { createRemembered } from './remembered.ts'
import type { RegistrySettings } from './settings.ts'
import { createTags } from './tags.ts'
import { createUploadWriter } from './upload-writer.ts'
import { createUploads } from './upload.ts'
import type { OtherWriters, WrittenElsewhere } from './written-elsewhere.ts'
import { createVerification } from './verified-read.ts'

export interface RegistryDeps {
  readonly database: Database
  readonly store: BlobStore
  readonly clock: Clock
  readonly ids: Ids
  readonly authorize: Authorize
  /** What a push may create; anything unless given. */
  readonly ensureRepository?: EnsureRepository | undefined
  /** The catalog of one actor; all repositories unless given. */
  readonly repositoryPage?: RepositoryPage | undefined
  /** Counts what is used; nobody does unless given. */
  readonly meter?: Meter | undefined
  readonly settings: RegistrySettings
  /** Bytes of memory for manifests and blobs that the database keeps, as many again for small blobs in files, and a quarter of it for whole lists. */
  readonly contentCache: number
  /** Names who writes uploads here; a new name unless given. */
  readonly owner?: string | undefined
  /** Other threads that write uploads of the same database. */
  readonly otherWriters?: OtherWriters | undefined
}

/** The core, and what other threads may ask of it. */
export interface SharedRegistry {
  readonly registry: Registry
  /** Lets go of what was written of an upload here, for the thread that was sent its end. Answers its digest. */
  release(written: WrittenElsewhere): Digest | undefined
}

/** The whole core from its parts. */
export function createRegistry(deps: RegistryDeps): Registry {
  return createSharedRegistry(deps).registry
}

export function createSharedRegistry(deps: RegistryDeps): SharedRegistry {
  const contents = createContentCache(deps.database, deps.contentCache, deps.settings.verify)
  const { existence, wholeLists } = createRemembered(deps.database, deps.contentCache / 4)
  const hotObjects = createHotObjects(deps.contentCache)
  const verification = createVerification(deps.settings.verify, deps.clock)
  const { ensureRepository = createAnything, repositoryPage = everyRepository(deps.database), meter = noMeter } = deps
  const owner = deps.owner ?? deps.ids.uuid()
  const writer = createUploadWriter({ ...deps, owner })
  const registry = Object.freeze({
    pull: withRegistryErrors(createPull({ ...deps, meter, existence, contents, hotObjects, verification })),
    uploads: withRegistryErrors(createUploads({ ...deps, meter, ensureRepository, writer, owner })),
    push: withRegistryErrors(createPush({ ...deps, meter, ensureRepository })),
    ...createRemovals(deps),
    lists: withRegistryErrors(createLists({ ...deps, repositoryPage, wholeLists })),
    tags: withRegistryErrors(createTags(deps)),
  })
  return { registry, release: (written) => writer.release(written) }
}
