/** An answer, its body read to the end. */
export interface Answer {
  readonly status: number
  readonly headers: Headers
  readonly bytes: Uint8Array
}

export type Content = Uint8Array<ArrayBuffer> | string

/** What goes with a request. */
export interface SendOptions {
  readonly headers?: Readonly<Record<string, string>> | undefined
  /** A stream goes out chunked, without a length. */
  readonly body?: Content | ReadableStream<Uint8Array> | undefined
}
