/** What the fuzzer reads with. */
export { isNotModified, rangeStillApplies } from './caching.ts'
export { parseProxyHeader } from './front/proxy-header.ts'
export { parsePrecondition } from './precondition.ts'
export { parseTarget, queryValue, queryValues } from './target.ts'
export { matchPath } from './v2/match.ts'
export { nextLink, parseLast, parsePageSize } from './v2/paging.ts'
