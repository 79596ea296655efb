/** When the bytes of an object are compared with its digest as they are read. */
export type VerifyMode = 'first' | 'always' | 'never'

/** Which content a pushed manifest may name that its repository does not have: what an index lists, or anything. */
export type SparseMode = 'off' | 'index' | 'all'

/** How long things stay that nothing holds, in ms, and how much is verified and demanded. */
export interface RegistrySettings {
  /** How long a link stays that no manifest refers to yet. */
  readonly lease: number
  /** How long the bytes of an object outlive its last reference: longer than any read that is on its way to them. */
  readonly drain: number
  /** How long an upload that receives nothing stays. */
  readonly uploadExpiry: number
  /** How long a manifest stays that nothing names: no tag, index or subject. Absent: for ever. */
  readonly untagged?: number | undefined
  /** How long what is deleted can be brought back; 0: not at all. */
  readonly retention: number
  readonly verify: VerifyMode
  readonly sparse: SparseMode
}

/** Larger blobs are objects of the store; blobs up to this many bytes are rows, without a file and its second fsync. */
export const inlineLimit = 32 * 1024
