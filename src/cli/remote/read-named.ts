import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { UsageFault } from './failure.ts'
import type { RemoteDeps } from './run-verb.ts'

/** More than anybody means to send. */
const longest = 16 * 1024 * 1024

/**
 * What a file holds; `-` is standard input.
 * @throws UsageFault
 */
export async function readNamed(file: string, { input, cwd }: RemoteDeps): Promise<string> {
  try {
    return file === '-' ? await input.readAll(longest) : readFileSync(resolve(cwd, file), 'utf8')
  } catch (error) {
    throw new UsageFault('remote.no-file', { file, reason: error instanceof Error ? error.message : String(error) })
  }
}
