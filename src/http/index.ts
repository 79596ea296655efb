export type { BodyWatch } from './body.ts'
export { listen, type Listener, type ListenerOptions } from './listener.ts'
export { createHttp, type Http, type HttpDeps } from './pipeline.ts'
export { type Route, routes } from './v2/routes.ts'
