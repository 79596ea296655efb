import type { DigestAlgorithm, Precondition } from '../../src/oci/index.ts'

/** How stored bytes rot: cut off, or of the same length with another digest. */
export type Damage = 'truncated' | 'flipped'

/** By its tag, or by its digest. */
export type ManifestReference = { readonly tag: string } | { readonly digest: string }

/**
 * Something a client, the collector or time does. Plain data, so that a history can be printed, replayed and shrunk. Blobs and
 * manifests are named by what is in ./pool.ts, upload sessions by the number in which they were begun.
 */
export type Operation =
  | {
      readonly kind: 'push'
      readonly repository: string
      readonly blob: number
      readonly algorithm: DigestAlgorithm
      /** Claims the digest of this blob instead. */
      readonly as?: number
    }
  | { readonly kind: 'begin'; readonly repository: string; readonly blob: number }
  | {
      readonly kind: 'append'
      readonly session: number
      /** The most bytes that are sent, of those the blob still has. */
      readonly bytes: number
      /** Content-Range: absent, where the session is, or elsewhere. */
      readonly range: 'none' | 'right' | 'wrong'
      /** The connection breaks after half of them. */
      readonly cut: boolean
    }
  | {
      readonly kind: 'finish'
      readonly session: number
      readonly algorithm: DigestAlgorithm
      /** Whether the closing request brings the bytes that are missing. */
      readonly rest: boolean
      /** Claims the digest of this blob instead. */
      readonly as?: number
    }
  | { readonly kind: 'status'; readonly session: number; readonly elsewhere?: boolean }
  | { readonly kind: 'cancel'; readonly session: number; readonly elsewhere?: boolean }
  | { readonly kind: 'mount'; readonly repository: string; readonly blob: number; readonly from?: string }
  | {
      readonly kind: 'put'
      readonly repository: string
      readonly manifest: number
      /** By tag; absent for a put by digest of this algorithm. */
      readonly tag?: string
      readonly algorithm: DigestAlgorithm
      readonly further: readonly string[]
      readonly precondition?: Precondition
    }
  | { readonly kind: 'get manifest' | 'stat manifest'; readonly repository: string; readonly reference: ManifestReference }
  | { readonly kind: 'get blob'; readonly repository: string; readonly digest: string }
  | { readonly kind: 'stat blob' | 'delete blob'; readonly repository: string; readonly digest: string }
  | {
      readonly kind: 'delete manifest'
      readonly repository: string
      readonly reference: ManifestReference
      readonly precondition?: Precondition
    }
  | { readonly kind: 'tags'; readonly repository: string; readonly limit?: number; readonly last?: string }
  | { readonly kind: 'repositories'; readonly limit?: number; readonly last?: string }
  | {
      readonly kind: 'referrers'
      readonly repository: string
      readonly subject: string
      readonly limit?: number
      readonly last?: string
      readonly artifactType?: string
    }
  | { readonly kind: 'trash'; readonly repository: string }
  /** The newest thing in the trash, the one before that, and so on. */
  | { readonly kind: 'restore' | 'purge'; readonly repository: string; readonly number: number }
  | { readonly kind: 'history'; readonly repository: string; readonly tag: string }
  /** What it was so many ms ago. */
  | { readonly kind: 'tag at'; readonly repository: string; readonly tag: string; readonly ago: number }
  | {
      readonly kind: 'revert'
      readonly repository: string
      readonly tag: string
      /** To a digest, or to what it was so many ms ago. */
      readonly to: { readonly digest: string } | { readonly ago: number }
      readonly expected?: string
    }
  | { readonly kind: 'wait'; readonly ms: number }
  | { readonly kind: 'collect' }
  | { readonly kind: 'restart' }
  | { readonly kind: 'damage'; readonly digest: string; readonly how: Damage }

export type OperationOf<Kind extends Operation['kind']> = Extract<Operation, { readonly kind: Kind }>
export type UploadOperation = OperationOf<'push' | 'begin' | 'append' | 'finish' | 'status' | 'cancel'>
export type SurroundingOperation = OperationOf<'wait' | 'restart' | 'collect' | 'damage'>
export type UndoOperation = OperationOf<'trash' | 'restore' | 'purge' | 'history' | 'tag at' | 'revert'>
export type RepositoryOperation = Exclude<Operation, UploadOperation | SurroundingOperation | UndoOperation>

const uploadKinds: readonly string[] = ['push', 'begin', 'append', 'finish', 'status', 'cancel'] satisfies UploadOperation['kind'][]
const undoKinds: readonly string[] = ['trash', 'restore', 'purge', 'history', 'tag at', 'revert'] satisfies UndoOperation['kind'][]
const surroundingKinds: readonly string[] = ['wait', 'restart', 'collect', 'damage'] satisfies SurroundingOperation['kind'][]

export const isUpload = (operation: Operation): operation is UploadOperation => uploadKinds.includes(operation.kind)
export const isUndo = (operation: Operation): operation is UndoOperation => undoKinds.includes(operation.kind)
export const isSurrounding = (operation: Operation): operation is SurroundingOperation => surroundingKinds.includes(operation.kind)

/** What whoever asked gets to know. */
export type Answer = { readonly ok: unknown } | { readonly refused: string }
