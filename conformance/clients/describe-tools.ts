import { describe } from 'bun:test'
import { findTool } from '../../tools/installed.ts'

/** Describes what needs programs of tools/components.ts: `suite` gets their paths. Skipped where one is missing. */
export function describeTools<Name extends string>(
  names: readonly Name[],
  suite: (paths: Readonly<Record<Name, string>>) => void,
): void {
  const found = names.map((name) => [name, findTool(name) ?? ''] as const)
  const paths = Object.fromEntries(found) as Record<Name, string>
  const missing = found.filter(([, path]) => path === '').map(([name]) => name)
  const title = names[0] ?? ''
  if (missing.length === 0) describe(title, () => suite(paths))
  else describe.skip(`${title} (not installed, or not for this user: ${missing.join(', ')})`, () => suite(paths))
}
