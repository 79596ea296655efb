/**
 * A place for a few small immutable files beside the objects: written once, whole or not at all, and found again by a list,
 * since the database that knows everything else may be what was lost. Failures are StorageErrors, as those of a BlobStore.
 *
 * A name is up to 64 of a-z, 0-9 and `-`, the first not `-`. Other names fail with `failed`.
 */
export interface SegmentStore {
  /**
   * Keeps the bytes under a new name. When this returns, neither a crash nor a power cut loses them; when it fails or is cut
   * off, there is nothing under that name, or all of it. Fails with `exists` when the name is taken.
   */
  put(name: string, bytes: Uint8Array): Promise<void>
  /** Every name, in byte order. */
  list(): Promise<string[]>
  /** The bytes; absent when there are none under that name. Fails with `failed`, and reads nothing, when they are more than `most`. */
  read(name: string, most: number): Promise<Uint8Array | undefined>
  /** One that is gone already is a success. When this returns, a power cut does not bring it back. */
  delete(name: string): Promise<void>
}
