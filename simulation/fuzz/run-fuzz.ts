import { join } from 'node:path'
import type { FuzzOrder, FuzzReport } from './fuzz-process.ts'

/** Runs the targets in a process of their own. Fails with the input that broke a rule. */
export async function runFuzz(order: FuzzOrder): Promise<FuzzReport[]> {
  const reports = await tryFuzz(order)
  for (const { target, broken } of reports) {
    if (broken === undefined) continue
    const shown = JSON.stringify(Buffer.from(broken.input, 'base64').toString('latin1'))
    throw new Error(
      `${target} (seed ${order.seed}): ${broken.reason}\nthe input, in base64: ${broken.input}\nas text: ${shown.slice(0, 500)}`,
    )
  }
  return reports
}

/** The same, with the input in the report. */
export async function tryFuzz(order: FuzzOrder): Promise<FuzzReport[]> {
  const command = [process.execPath, join(import.meta.dir, 'fuzz-process.ts'), JSON.stringify(order)]
  const child = Bun.spawn(command, { stdio: ['ignore', 'pipe', 'pipe'] })
  const [out, err, code] = await Promise.all([child.stdout.text(), child.stderr.text(), child.exited])
  if (code !== 0) throw new Error(`the fuzzer ended with ${code}: ${err.slice(-2000)}`)
  return out
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as FuzzReport)
}
