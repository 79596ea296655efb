export { collectKind, createCollectJob } from './collect-job.ts'
export { collectInstallation, type CollectRequest } from './installation.ts'
export type { CollectReport } from './collect-job-shapes.ts'
export { collectionRoutes, type CollectionRoutesDeps } from './collection-routes.ts'
