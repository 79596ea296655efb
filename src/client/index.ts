export { type Client, type ClientOptions, createClient, ServerProblem, Unreachable } from './client.ts'
export { type OperationId, operations, type Operations } from './operations.ts'
