/**
 * What a segment says about one thing: that it exists, with all its data, or (`row: null`) that it is gone. Records say how
 * things are, not what was done to them, so that applying them again changes nothing and the last one counts. Times are ms
 * since the epoch.
 */
export type RecoveryRecord =
  | { readonly kind: 'namespace'; readonly key: readonly [id: number]; readonly row: NamespaceState | null }
  | { readonly kind: 'repository'; readonly key: readonly [id: number]; readonly row: RepositoryState | null }
  | {
      readonly kind: 'blob'
      readonly key: readonly [digest: string]
      readonly row: BlobState | null
      /** The inline content; absent for an object. */
      readonly bytes?: Uint8Array | undefined
    }
  | { readonly kind: 'manifest'; readonly key: readonly [repositoryId: number, digest: string]; readonly row: ManifestState | null }
  | { readonly kind: 'link'; readonly key: readonly [repositoryId: number, digest: string]; readonly row: LinkState | null }
  | { readonly kind: 'tag'; readonly key: readonly [repositoryId: number, name: string]; readonly row: TagState | null }
  | { readonly kind: 'trash'; readonly key: readonly [id: number]; readonly row: TrashState | null }

export type RecordKind = RecoveryRecord['kind']

export interface NamespaceState {
  readonly domainId: number
  readonly name: string
  readonly state: string
  readonly createdAt: number
  readonly deletedAt: number | null
}

export interface RepositoryState {
  readonly namespaceId: number
  readonly path: string
  readonly kind: string
  readonly format: string
  readonly state: string
  readonly createdAt: number
  readonly deletedAt: number | null
}

export interface BlobState {
  readonly size: number
  /** Enough to find its file. */
  readonly object: ObjectState | null
}

export interface ObjectState {
  readonly id: string
  readonly key: string | null
  readonly encoding: string
  readonly storedSize: number | null
  readonly state: string
  readonly since: number
}

export interface ManifestState {
  readonly contentSha256: string
  readonly mediaType: string
  readonly artifactType: string | null
  readonly subject: string | null
  /** JSON. */
  readonly annotations: string
  readonly pushedAt: number
  readonly pushedBy: string | null
  readonly lastPulledAt: number | null
  readonly deletedAt: number | null
  /** In bytes, with all it refers to that was here. Older segments do not say: then it is its own. */
  readonly size?: number
  /** What it refers to: kind, digest, and 1 for what was not here when the manifest was pushed (older segments do not say). */
  readonly references: readonly (readonly [kind: string, digest: string, awaited?: number])[]
}

export interface LinkState {
  /** Set for a blob that was deleted here: it is in the trash, or a manifest refers to it. */
  readonly deletedAt: number | null
}

export interface TagState {
  readonly digest: string
  readonly createdAt: number
  readonly updatedAt: number
  readonly updatedBy: string | null
}

/** As the row has it. */
export interface TrashState {
  readonly kind: string
  readonly namespaceId: number
  readonly repositoryId: number | null
  readonly path: string
  readonly tag: string | null
  readonly digest: string | null
  readonly cause: string
  readonly deletedAt: number
  readonly deletedBy: string | null
  readonly purgeAt: number
  /** JSON. */
  readonly detail: string
}
