import { z } from 'zod'
import { type KeyDocs, keyDocs } from './documented-key.ts'
import { configSchema } from './schema.ts'
import { type Form, valueForms } from './values.ts'

/** One key of the configuration, read off the schema. */
export interface Key {
  /** As the documentation writes it: `gc.lease`. */
  readonly path: string
  /** Its names from the outside in: `['gc', 'lease']`. */
  readonly names: readonly string[]
  /** `BERTH_GC_LEASE`. */
  readonly variable: string
  /** `--listen`, for the few keys the command line takes. */
  readonly flag: string | undefined
  /** The default as text. Absent when the key has none. */
  readonly preset: string | undefined
  readonly docs: KeyDocs
  readonly form: Form
}

/** What is added to the name of a secret's key, and to its variable in capitals, to give the file that holds it. */
export const fileSuffix = '_file'

/** Every key, in the order of the schema. */
export const keys: readonly Key[] = Object.entries(configSchema.shape).flatMap(([name, field]) => {
  if (!(field instanceof z.ZodObject)) return [describeKey([name], field)]
  return Object.entries<z.ZodType>(field.shape).map(([inner, leaf]) => describeKey([name, inner], leaf))
})

/** The names that hold other keys: `gc`, `database`. */
export const groups: ReadonlySet<string> = new Set(
  Object.entries(configSchema.shape).flatMap(([name, field]) => (field instanceof z.ZodObject ? [name] : [])),
)

/** The key of a variable, a path or a secret's file: `file` says that the value names a file to read. */
export interface KeyMatch {
  readonly key: Key
  readonly file: boolean
}

/** Finds a key by the name `nameOf` gives it, its file form included. */
export function indexKeys(nameOf: (key: Key) => string, suffix: string): ReadonlyMap<string, KeyMatch> {
  return new Map(
    keys.flatMap((key) => {
      const own: [string, KeyMatch] = [nameOf(key), { key, file: false }]
      const file: [string, KeyMatch] = [nameOf(key) + suffix, { key, file: true }]
      return key.docs.secret ? [own, file] : [own]
    }),
  )
}

function describeKey(names: readonly string[], schema: z.ZodType): Key {
  const path = names.join('.')
  const wrapped = schema instanceof z.ZodPrefault || schema instanceof z.ZodOptional
  const docs = keyDocs.get(schema)
  const form = wrapped ? valueForms.get(schema.unwrap() as z.ZodType) : undefined
  if (docs === undefined || form === undefined) throw new Error(`the key ${path} has no docs or no form in the schema`)
  return {
    path,
    names,
    variable: `BERTH_${names.join('_').toUpperCase()}`,
    flag: docs.flag ? `--${path}` : undefined,
    preset: schema instanceof z.ZodPrefault ? String(schema.def.defaultValue) : undefined,
    docs,
    form,
  }
}
