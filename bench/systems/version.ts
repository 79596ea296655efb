import { findProgram, processEnvironment } from '../machine/index.ts'
import type { System } from './system.ts'

/** What it says about its version, or undefined where it is not installed. */
export function versionOf({ version }: System): string | undefined {
  const [name = '', ...flags] = version
  const program = findProgram(name)
  if (program === undefined) return undefined
  const { stdout, stderr } = Bun.spawnSync([program, ...flags], { env: processEnvironment })
  return /\d+\.\d+\.\d+\S*/.exec(`${stdout.toString()} ${stderr.toString()}`)?.[0].replace(/\+unknown$/, '')
}
