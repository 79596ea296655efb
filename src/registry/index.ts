export type { Actor } from './actor.ts'
export { createRegistry, createSharedRegistry, type RegistryDeps, type SharedRegistry } from './create-registry.ts'
export { markDamaged } from './blob-transactions.ts'
export { clearProject, clearRepository, type ClearStep } from './clear-transactions.ts'
export { CollectionFailure, createCollector, untaggedFor, type Collector, type CollectorDeps, type Freed } from './garbage-collection.ts'
export { type CollectionHold, rebuiltHold, standingHolds } from './hold-store.ts'
export { isInUse, runningAs, type RunningRow } from './inventory-store.ts'
export { keepCollecting } from './keep-collecting.ts'
export { everyRepository } from './lists.ts'
export { readLinkKey } from './queue-store.ts'
export { holdCollection, releaseCollection } from './hold-transactions.ts'
export { dropContent, queueAgain, restoreObject } from './integrity-transactions.ts'
export {
  allowAll,
  type Action,
  type AuthorizationQuestion,
  type Authorize,
  type Decision,
  type EnsureRepository,
  type MayCreate,
  type Meter,
  type ProjectMaker,
  type RepositoryPage,
} from './ports.ts'
export type {
  BlobDescription,
  ByteReader,
  ByteStream,
  Deletes,
  Lists,
  ManifestDescription,
  ManifestUpload,
  NamePage,
  Page,
  Pull,
  PulledBlob,
  PulledManifest,
  Push,
  PushedManifest,
  ReferrerPage,
  ReferrersPage,
  Registry,
  Restored,
  Trash,
  TrashEntry,
  TrashList,
  TrashPage,
  TrashPlace,
  UploadBody,
  Uploads,
  UploadStatus,
} from './registry.ts'
export type { OtherWriters, WrittenElsewhere } from './written-elsewhere.ts'
export {
  deleteRepository,
  type DeleteRepositoryInput,
  purgeRepository,
  restoreRepository,
  type TrashCommand,
} from './repository-transactions.ts'
export { discard, takeOut, type TrashKind } from './trash-store.ts'
export { tagOrders, type TagOrder, type TagPlace } from './tag-list-store.ts'
export type { HistoryPlace, TagFacts, TagMoved, Tags } from './tags.ts'
export { inlineLimit, type RegistrySettings, type SparseMode } from './settings.ts'
export { registryError } from './failure.ts'
