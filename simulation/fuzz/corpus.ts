import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** Inputs worth beginning with, a file each: `corpus/range/bytes-0-499-3f2a`. */
const root = join(import.meta.dir, 'corpus')

export function readCorpus(target: string): Uint8Array[] {
  const folder = join(root, target)
  if (!existsSync(folder)) return []
  return readdirSync(folder)
    .sort()
    .map((name) => readFileSync(join(folder, name)))
}

/** Puts these in the place of what is there. */
export function writeCorpus(target: string, inputs: readonly Uint8Array[]): void {
  const folder = join(root, target)
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const input of inputs) writeFileSync(join(folder, nameOf(input)), input)
}

/** What it says, as far as a file name can, and a piece of its hash. */
function nameOf(input: Uint8Array): string {
  const words =
    Buffer.from(input)
      .toString('latin1')
      .toLowerCase()
      .match(/[a-z0-9]+/g)
      ?.join('-') ?? ''
  return `${words.slice(0, 32).replace(/-$/, '') || 'bytes'}-${new Bun.CryptoHasher('sha256').update(input).digest('hex').slice(0, 6)}`
}
