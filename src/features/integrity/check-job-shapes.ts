import { z } from 'zod'

/** What an `integrity.check` is asked for. */
export const checkPayload = z.strictObject({
  deep: z.boolean().default(true).describe('Whether the bytes of every object are hashed.'),
})

export type CheckPayload = z.output<typeof checkPayload>
