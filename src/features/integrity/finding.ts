/** Everything that can be wrong. Codes are stable: reports and scripts name them. `finding-texts.ts` says what each means. */
export type FindingCode =
  | 'object-missing'
  | 'object-truncated'
  | 'object-too-long'
  | 'object-corrupt'
  | 'object-unreadable'
  | 'object-damaged'
  | 'object-whole-again'
  | 'object-without-blob'
  | 'object-not-queued'
  | 'content-corrupt'
  | 'content-without-blob'
  | 'blob-without-bytes'
  | 'blob-object-unknown'
  | 'blob-object-not-live'
  | 'blob-not-queued'
  | 'link-dangling'
  | 'link-not-queued'
  | 'manifest-dangling'
  | 'manifest-without-bytes'
  | 'manifest-not-in-trash'
  | 'manifest-child-missing'
  | 'manifest-not-noted'
  | 'reference-dangling'
  | 'tag-dangling'
  | 'upload-dangling'
  | 'upload-bytes-missing'
  | 'upload-not-queued'
  | 'file-unknown'
  | 'file-misplaced'
  | 'file-foreign'
  | 'database-corrupt'

/** What a finding is about: whichever of these names it. */
export interface Subject {
  readonly object?: string
  /** The file's path in the data directory. */
  readonly file?: string
  readonly digest?: string
  readonly repository?: string
  /** The digest of a manifest. */
  readonly manifest?: string
  readonly tag?: string
  readonly upload?: string
  /** The id of a row that has no better name. */
  readonly row?: string
}

/** A repository that can't serve something, and the tags that lead to it. Long lists end early: then `more` is true. */
export interface Affected {
  readonly repository: string
  readonly tags: readonly string[]
}

export interface Finding {
  readonly code: FindingCode
  readonly subject: Subject
  /** The fact that was seen, in English: `512 of 40960 bytes`. Empty where the code says all. */
  readonly detail: string
  readonly affected: readonly Affected[]
  /** Whether more is affected than is listed. */
  readonly more: boolean
  /** What a repair may do about it; absent where only a person can. */
  readonly remedy: Remedy | undefined
}

/** A repair as data. */
export type Remedy =
  | { readonly kind: 'mark damaged'; readonly objectId: string; readonly digest: string; readonly finding: string }
  | { readonly kind: 'drop content'; readonly blobId: number }
  | { readonly kind: 'restore'; readonly objectId: string; readonly digest: string }
  | { readonly kind: 'queue'; readonly queue: 'link' | 'blob' | 'object' | 'upload' | 'manifest'; readonly key: string }
  | { readonly kind: 'remove file'; readonly id: string; readonly key: string | undefined; readonly modified: number }

/** A finding that affects no repository. */
export function finding(code: FindingCode, subject: Subject, detail = '', remedy?: Remedy): Finding {
  return { code, subject, detail, affected: [], more: false, remedy }
}
