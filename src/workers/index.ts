export type { Start } from './messages.ts'
export { serveWorker, type Report, type WorkerApp, type WorkerPort } from './serve-worker.ts'
export { startWorkers, type WorkerGroup } from './worker-group.ts'
export type { Thread } from './worker-thread.ts'
