/** When the bytes of an object are compared with its digest as they are read. */
export type VerifyMode = 'first' | 'always' | 'never'

/** How long things stay that nothing holds, in ms, and how much is verified. */
export interface RegistrySettings {
  /** How long a link stays that no manifest refers to yet. */
  readonly lease: number
  /** How long the bytes of an object outlive its last reference: longer than any read that is on its way to them. */
  readonly drain: number
  /** How long an upload that receives nothing stays. */
  readonly uploadExpiry: number
  readonly verify: VerifyMode
}

/** Larger blobs are objects of the store; blobs up to this many bytes are rows, without a file and its second fsync. */
export const inlineLimit = 32 * 1024
