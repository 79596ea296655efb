import { findProgram, processEnvironment } from '../machine/index.ts'
import type { System } from './system.ts'

/** What it says about its version, or undefined where it is not installed. */
export function versionOf({ version }: System): string | undefined {
  const [name = '', ...flags] = version
  const program = findProgram(name)
  if (program === undefined) return undefined
  const { stdout, stderr } = Bun.spawnSync([program, ...flags], { env: processEnvironment })
  return readVersion(`${stdout.toString()} ${stderr.toString()}`)
}

/** The first version in what a program says, which may begin with its path: a hyphen before it makes it a part of that. */
export function readVersion(text: string): string | undefined {
  // zot logs its version as JSON, after that of the specification.
  const told = /"commit":"[^"]*"/.exec(text)?.[0] ?? text
  return /(?:^|[\s/":=])v?(\d+\.\d+\.\d+[\w.+~-]*)(?!\S*\/)/.exec(told)?.[1]?.replace(/\+unknown$/, '')
}
