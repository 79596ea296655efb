export { createPlanDelete, type PlanDelete, type PlanDeps, type Sight, type Target } from './plan-delete.ts'
export { planRoutes, type PlanRoutesDeps } from './plan-routes.ts'
