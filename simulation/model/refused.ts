import type { SparseMode } from '../../src/registry/index.ts'

/** The model says no, with the code that the registry's error must have. */
export class Refused extends Error {
  readonly code: string

  constructor(code: string) {
    super(code)
    this.name = 'Refused'
    this.code = code
  }
}

/** What the model knows of a registry's settings, in ms and bytes. */
export interface Limits {
  readonly lease: number
  readonly uploadExpiry: number
  /** How long a finished session answers its closing request again. */
  readonly finishedStays: number
  /** Blobs up to this size are rows. */
  readonly inline: number
  readonly sparse: SparseMode
  /** How long what is deleted can be brought back; 0: not at all. */
  readonly retention: number
}
