export { historyRoutes, type HistoryRoutesDeps } from './routes.ts'
