import type { z } from 'zod'
import { excerpt } from '../lib/index.ts'
import { type FieldError, Problem } from './problem.ts'
import type { Route } from './route.ts'

type Values = Readonly<Record<string, unknown>>

/** Absent for a path that can be nothing's name. */
export function parseParams({ params }: Route, given: Readonly<Record<string, string>>): Values | undefined {
  return params === undefined ? {} : params.safeParse(given).data
}

/** @throws Problem `malformed`, also for a parameter that the route does not know: a mistyped filter would list everything */
export function parseQuery({ query }: Route, given: Readonly<Record<string, string>>): Values {
  const unknown = query === undefined ? Object.keys(given)[0] : undefined
  if (unknown !== undefined) throw new Problem('malformed', { errors: [{ at: excerpt(unknown), message: 'is no parameter here' }] })
  return query === undefined ? {} : checked(query, given, (path) => path.join('.'))
}

/** @throws Problem `malformed`, also for members that the route does not know: none of them is ever taken over into a row */
export function parseBody({ body }: Route, given: unknown): Values {
  return body === undefined ? {} : checked(body, given, (path) => `/${path.join('/')}`)
}

const mostErrors = 20

function checked(schema: z.ZodObject, given: unknown, write: (path: readonly PropertyKey[]) => string): Values {
  const { success, data, error } = schema.safeParse(given)
  if (success) return data
  const errors = error.issues.flatMap((issue) => describe(issue, write)).slice(0, mostErrors)
  throw new Problem('malformed', { errors })
}

function describe(issue: z.core.$ZodIssue, write: (path: readonly PropertyKey[]) => string): FieldError[] {
  if (issue.code !== 'unrecognized_keys') return [{ at: write(issue.path.map(readable)), message: issue.message }]
  return issue.keys.slice(0, mostErrors).map((key) => ({ at: write([...issue.path, readable(key)]), message: 'is not known here' }))
}

/** Clients choose the names of members, and people look at the answer on a terminal. */
function readable(key: PropertyKey): string {
  const text = String(key)
  return /^[\w.-]{1,64}$/.test(text) ? text : excerpt(text, 64)
}
