import type { ByteRange } from '../oci/index.ts'

/**
 * Where the bytes of objects live. The database alone says which objects exist; a store only keeps and returns bytes.
 *
 * An object is written once by one upload, under an id that is never used again, so no call here can ever hit another
 * object's bytes. It has two names in its life: unfinished (while an upload writes it) and finished (its `key`, which the
 * database row records). Both are made by the driver alone: callers keep the strings and hand them back.
 *
 * An id is what `Ids.object()` gives: up to 64 of a-z, 0-9 and `-`, the first not `-`. Ids and keys come back from database
 * rows, which someone may have tampered with, so every call checks them and fails with `failed` before it touches the store.
 */
export interface BlobStore {
  /** Short name of the driver, for messages and metrics: `filesystem`, `memory`. */
  readonly driver: string

  /**
   * Starts the unfinished object `id`, empty. Fails with `exists` when there is such an unfinished object. That an id is not
   * used again after commit or delete is up to the caller: a store need not remember it.
   */
  begin(id: string): Promise<ObjectWriter>

  /**
   * Takes up the unfinished object `id` again, to write at `offset` and after it; bytes beyond `offset` are discarded at
   * commit at the latest. The writer before may have been lost without `close`. Fails with `missing` when there are fewer
   * than `offset` bytes.
   */
  resume(id: string, offset: number): Promise<ObjectWriter>

  /**
   * Begins object `to` with the first `length` bytes of the unfinished object `from` (a reflink where the store can).
   * `from` stays as it is: another process may still hold it. Fails with `missing` as `resume` does, with `exists` as `begin`
   * does. What a failed copy leaves under `to` goes with `delete(to, undefined)`.
   */
  copyUnfinished(from: string, to: string, length: number): Promise<ObjectWriter>

  /**
   * Reads the first `length` bytes of an unfinished object, those before `from` left out, in chunks of at most 1 MiB, to hash what
   * another process wrote. Failures come through the stream: `missing` when there are fewer than `length` bytes; where nothing is
   * left to read, only that there is an object. Read it to the end or cancel it.
   */
  readUnfinished(id: string, length: number, from?: number): ReadableStream<Uint8Array>

  /** The key that `commit` will give the object: known before, since the database row records it first. */
  finishedKey(id: string, digest: string): string

  /**
   * Makes the first `size` bytes of the unfinished object durable under `key`. When this returns, neither a crash nor a
   * power cut loses them: file synced, renamed, both directories synced. Run a second time for the same id and key it
   * succeeds again. Fails with `missing` when there are fewer than `size` bytes, and the object stays unfinished then.
   * No writer of the object may be open. When syncing fails, what the medium holds is unknown and asking it again would be
   * answered with a lie (ATC'20, "Can applications recover from fsync failures?"): the object is dropped, and a later commit
   * fails with `missing` or `failed`.
   */
  commit(id: string, key: string, size: number): Promise<void>

  /** Opens the bytes of a finished object. Absent when there is none under that key. The range lies inside the object. */
  open(key: string, range?: ByteRange): Promise<OpenObject | undefined>

  /** The present size of a finished object. Absent when there is none under that key. */
  stat(key: string): Promise<{ readonly size: number } | undefined>

  /**
   * Deletes an object under its unfinished name and, when given, its key. An object already gone is a success. When this
   * returns, a power cut does not bring it back, so that the caller may forget its row.
   */
  delete(id: string, key: string | undefined): Promise<void>

  /**
   * Everything stored, page by page, to find what no row knows: the first page without a cursor, then by the `next` of the page
   * before. A page is what the driver reads at once (a directory), in no order. An object that is there from the first page to
   * the last is on one of them. Fails with `failed` for a cursor this driver never gave.
   */
  list(cursor?: string): Promise<StoredPage>
}

export interface StoredPage {
  readonly objects: readonly StoredObject[]
  /** Names beside the objects that no call here makes, as a person finds them. */
  readonly strangers: readonly string[]
  /** The cursor of the next page; absent on the last one. */
  readonly next: string | undefined
}

/** What a store has under one name. */
export interface StoredObject {
  readonly id: string
  /** Absent for an unfinished object. */
  readonly key: string | undefined
  readonly size: number
  /** When bytes were last written, in ms since the epoch by the store's clock. */
  readonly modified: number
}

/**
 * Appends to one unfinished object. One writer at a time per object, and one call at a time per writer: the caller sees to
 * that. After a failure the writer takes nothing more, and nothing it took counts: resume where an earlier writer closed.
 */
export interface ObjectWriter {
  /** Bytes accepted so far, the resumed ones included. */
  readonly offset: number

  /** Appends one chunk. The chunk may be reused by the caller once the promise settles. */
  write(chunk: Uint8Array): Promise<void>

  /**
   * Ends this writer: the bytes are handed to the store (not yet durable) and survive the end of this process. Must be
   * called after a failure too, which it then repeats. A second call gives the outcome of the first.
   */
  close(): Promise<void>
}

/**
 * An opened object: what the reader is served from. `size` is that of the whole object as the store holds it now; a caller
 * compares it with the database row before a byte is sent, since a truncated file must never look complete. The file, bytes,
 * stream or URL give the range alone when one was asked for.
 */
export type OpenObject = { readonly size: number } & (
  | { readonly kind: 'file'; readonly file: Blob }
  | { readonly kind: 'bytes'; readonly bytes: Uint8Array<ArrayBuffer> }
  | { readonly kind: 'stream'; readonly stream: ReadableStream<Uint8Array> }
  | { readonly kind: 'redirect'; readonly url: string }
)

/**
 * `missing`   the bytes asked for are not there
 * `exists`    the id was used before
 * `full`      no room, over quota or read-only: what this call was given was not kept, later calls may succeed
 * `failed`    the medium failed (EIO and the like): what was written lately may be lost
 */
export type StorageErrorCode = 'missing' | 'exists' | 'full' | 'failed'

/** The one error a BlobStore throws. `cause` keeps the driver's own error. */
export class StorageError extends Error {
  readonly code: StorageErrorCode

  constructor(code: StorageErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'StorageError'
    this.code = code
  }
}
