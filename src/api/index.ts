export { type Api, type ApiAnswer, type ApiDeps, createApi, type RequestContext, root } from './api.ts'
export { idAfter, type Page, pageSize } from './paging.ts'
export { Problem, type ProblemDocument } from './problem.ts'
export { type Caller, defineRoute, type Place, type Route } from './route.ts'
