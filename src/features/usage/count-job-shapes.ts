import { z } from 'zod'

/** What a `usage.count` is asked for: nothing can be chosen. */
export const countPayload = z.strictObject({})

export type CountPayload = z.output<typeof countPayload>
