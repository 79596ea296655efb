export { keepRecording } from './keep-recording.ts'
export { createRecorder, type Recorder, type RecorderDeps, type RecorderSizes } from './recorder.ts'
export { rebuild, type MissingFile, type RebuildDeps, type Rebuilt } from './rebuild.ts'
export { RecoveryError, type RecoveryErrorCode } from './recovery-error.ts'
