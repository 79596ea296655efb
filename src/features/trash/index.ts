export { trashRoutes, type TrashRoutesDeps } from './routes.ts'
