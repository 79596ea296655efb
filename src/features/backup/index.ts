export { BackupError, type BackupErrorCode } from './backup-error.ts'
export { backUpInstallation, restoreInstallation, type CopyWatch, type Places } from './installation.ts'
export { type BackupSummary } from './take-backup.ts'
