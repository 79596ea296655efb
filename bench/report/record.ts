import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { merge, type Results } from '../results.ts'
import { chartOf } from './chart.ts'
import { chartFile, renewPage } from './page.ts'

const docs = join(import.meta.dir, '../../docs')
const folder = join(docs, 'benchmarks')
const page = join(docs, 'benchmarks.md')
const recorded = join(folder, 'results.json')

/** Takes results among those that are recorded, and draws everything anew. Returns what was written. */
export function record(fresh: Results, order: Readonly<Record<keyof Results, readonly string[]>>): string[] {
  const { systems, workloads } = merge(readRecorded(), fresh)
  const results = { systems: inOrder(systems, order.systems), workloads: inOrder(workloads, order.workloads) }
  mkdirSync(folder, { recursive: true })
  const files: [string, string][] = [
    [recorded, `${JSON.stringify(results, null, 2)}\n`],
    ...results.workloads.map((one): [string, string] => [join(folder, chartFile(one)), chartOf(results, one)]),
    [page, renewPage(readFileSync(page, 'utf8'), results)],
  ]
  for (const [path, text] of files) writeFileSync(path, text)
  return files.map(([path]) => path)
}

/** What the order does not know was taken out of the benchmark. */
function inOrder<T extends { readonly id: string }>(list: readonly T[], order: readonly string[]): T[] {
  return order.flatMap((id) => list.find((one) => one.id === id) ?? [])
}

function readRecorded(): Results {
  return JSON.parse(readFileSync(recorded, 'utf8')) as Results
}
