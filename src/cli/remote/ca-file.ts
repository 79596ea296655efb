import { readFileSync } from 'node:fs'
import { UsageFault } from './failure.ts'

/**
 * The certificates that a server's is checked against, as PEM.
 * @throws UsageFault
 */
export function readCaFile(file: string): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (error) {
    throw new UsageFault('remote.no-ca-file', { file, reason: error instanceof Error ? error.message : String(error) })
  }
  if (!text.includes('-----BEGIN CERTIFICATE-----')) throw new UsageFault('remote.not-a-ca-file', { file })
  return text
}
