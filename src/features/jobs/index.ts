export { scheduleRoutes, type ScheduleRoutesDeps } from './schedule-routes.ts'
export { jobRoutes, type JobRoutesDeps } from './routes.ts'
