/** Every error that the simulation makes up says so; systemError of the faulty file system does too. */
const madeUp = /\bsimulated\b|\bmade up\b/
/** What follows later from a sync that failed. */
const aftermath = /could not be synced/

/** Whether an error goes back to one that was made up. Any other failure is a defect. */
export function isInjected(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.every(isInjected)
  if (!(error instanceof Error)) return false
  return madeUp.test(error.message) || aftermath.test(error.message) || isInjected(error.cause)
}
