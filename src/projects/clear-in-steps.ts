import type { ClearStep } from '../registry/index.ts'

/** Steps that are taken before a deletion is answered: all of them, for most projects and repositories. What is left is for `keepClearing`. */
export const stepsBeforeAnswer = 20

/** Takes steps as long as there is more to do, at most so many; answers the last one. */
export async function clearInSteps(most: number, step: () => Promise<ClearStep>): Promise<ClearStep> {
  let last: ClearStep = 'more'
  for (let taken = 0; taken < most && last === 'more'; taken++) last = await step()
  return last
}
