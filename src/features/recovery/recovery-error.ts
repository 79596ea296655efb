/**
 * `nothing-recorded`   there are no segments, or none from which a state can be restored
 * `segments-damaged`   the newest state they hold can't be restored, an older one can
 * `segments-lost`      damaged, and no older state can be restored either
 * `other-segments`     the segments belong to another database
 */
export type RecoveryErrorCode = 'nothing-recorded' | 'segments-damaged' | 'segments-lost' | 'other-segments'

/** Why nothing was restored. `values` are for the words that a person gets. */
export class RecoveryError extends Error {
  readonly code: RecoveryErrorCode
  readonly values: Readonly<Record<string, string>>

  constructor(code: RecoveryErrorCode, message: string, values: Readonly<Record<string, string>> = {}) {
    super(message)
    this.name = 'RecoveryError'
    this.code = code
    this.values = values
  }
}
