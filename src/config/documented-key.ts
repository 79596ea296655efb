import { z } from 'zod'

/**
 * What is said about a key beside its value: its purpose in both languages. `flag` marks the keys that the command line takes
 * as `--key`. `secret` masks the value wherever it is shown and adds the `_file` form of the key.
 */
export interface KeyDocs {
  readonly en: string
  readonly zh: string
  readonly flag?: true
  readonly secret?: true
}

/** The docs of every key by its schema. */
export const keyDocs = z.registry<KeyDocs>()

/** Names a key's docs. `describe` keeps the English text where every zod tool looks for it. */
export function key<T extends z.ZodType>(schema: T, docs: KeyDocs): T {
  const described = schema.describe(docs.en)
  keyDocs.add(described, docs)
  return described
}
