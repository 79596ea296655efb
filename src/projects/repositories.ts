import type { Database, Outcome } from '../database/index.ts'
import {
  clearRepository,
  type ClearStep,
  deleteRepository,
  type DeleteRepositoryInput,
  purgeRepository,
  restoreRepository,
  type TrashCommand,
} from '../registry/index.ts'
import { clearInSteps, stepsBeforeAnswer } from './clear-in-steps.ts'
import { isRepositoryErrorCode, RepositoryError } from './repository-error.ts'

/**
 * Repositories as a whole: what somebody may is decided before, about the id of the project that is given here. Each change fails with a
 * RepositoryError, and leaves an event.
 */
export interface Repositories {
  /** Its path is free when this answers, and what was in it can be had back for the retention. */
  remove(input: Omit<DeleteRepositoryInput, 'retention'>): Promise<void>
  /** Answers the path under which it is there again. */
  restore(input: TrashCommand): Promise<string>
  purge(input: TrashCommand): Promise<void>
}

/** @param retention ms for which what is deleted can be brought back; 0: not at all */
export function createRepositories(database: Database, retention: number): Repositories {
  return Object.freeze<Repositories>({
    remove: async (input) => {
      const { trash } = resultOf(await database.transact(deleteRepository, { ...input, retention }))
      if (retention === 0) await clearRepositorySteps(database, trash, stepsBeforeAnswer)
    },
    restore: async (input) => resultOf(await database.transact(restoreRepository, input)).repository,
    purge: async (input) => {
      resultOf(await database.transact(purgeRepository, input))
      await clearRepositorySteps(database, input.trash, stepsBeforeAnswer)
    },
  })
}

/** Removes what is in a repository whose time in the trash is over, at most so many steps; answers the last one. */
export async function clearRepositorySteps(database: Database, trash: number, most: number): Promise<ClearStep> {
  return await clearInSteps(most, async () => resultOf(await database.transact(clearRepository, { trash })))
}

function resultOf<Result>(outcome: Outcome<Result>): Result {
  if ('ok' in outcome) return outcome.ok
  if (isRepositoryErrorCode(outcome.refused)) throw new RepositoryError(outcome.refused, messageOf(outcome.detail))
  throw new Error(`a transaction refused with the unknown code "${outcome.refused}"`)
}

function messageOf(detail: unknown): { readonly message?: string } {
  const { repository } = (detail ?? {}) as { readonly repository?: string }
  return repository === undefined ? {} : { message: `there is a repository ${repository} again: delete it first, or leave what is in the trash there` }
}
