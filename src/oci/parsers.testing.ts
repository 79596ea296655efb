/** What the fuzzer reads with, beside what index.ts gives. */
export { isJsonObject, type JsonLimits, parseStrictJson } from './strict-json.ts'
