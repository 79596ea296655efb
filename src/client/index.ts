export { type Client, type ClientOptions, createClient, ServerProblem, Unreachable } from './client.ts'
export {
  type CollectionRun,
  type DeletePlan,
  type Job,
  type OperationId,
  operations,
  type Operations,
  type ProjectUsage,
  type Restored,
  type Schedule,
  type TrashEntry,
  type UsagePart,
} from './operations.ts'
