import { RegistryError } from './errors.ts'

/** For tests: the error that `run` throws. Fails when it throws none or another kind. */
export function caught(run: () => unknown): RegistryError {
  try {
    run()
  } catch (error) {
    if (error instanceof RegistryError) return error
    throw error
  }
  throw new Error('nothing was thrown')
}
