/**
 * `incomplete`  there is no whole backup
 * `damaged`     a file of the backup is missing or is not what was written
 * `newer`       the backup was written by a newer program
 * `foreign`     the folder holds something else
 * `unfinished`  a restore met it half way: part of the backup is in its target, on which no server starts
 * `lapsed`      this process stood still for so long that collection may have gone on
 */
export type BackupErrorCode = 'incomplete' | 'damaged' | 'newer' | 'foreign' | 'unfinished' | 'lapsed'

export class BackupError extends Error {
  readonly code: BackupErrorCode

  constructor(code: BackupErrorCode, message: string, cause?: unknown) {
    super(message, { cause })
    this.name = 'BackupError'
    this.code = code
  }
}
