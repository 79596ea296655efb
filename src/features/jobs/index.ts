export { jobRoutes, type JobRoutesDeps } from './routes.ts'
