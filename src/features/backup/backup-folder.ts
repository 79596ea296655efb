import type { Archive } from '../../storage/index.ts'
import { BackupError } from './backup-error.ts'

/** Held while a backup is written, and there ever after: it tells a folder of backups from any other. */
export const backupLock = 'backup.lock'

/** Fails with `foreign` when a folder holds something else: what is not needed in a folder of backups is removed from it. */
export function checkBackupFolder(archive: Archive): void {
  const names = archive.names()
  if (names.length === 0 || names.includes(backupLock)) return
  throw new BackupError('foreign', 'the folder is not empty, and what is in it is no backup: choose another one')
}
