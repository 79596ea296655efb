// bun simulation/figures/meter-cost.ts: what counting adds to a read of the core, in this thread, on SQLite.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inlineWriter, openSqliteDatabase } from '../../src/database/index.ts'
import { createMeter } from '../../src/features/usage/index.ts'
import { systemClock, systemIds } from '../../src/lib/index.ts'
import { allowAll, createRegistry, type Actor, type Registry } from '../../src/registry/index.ts'
import { anonymous, byDigest, byTag, manifestOf, pushBlob, pushManifest, repository, settings } from '../../src/registry/test-registry.testing.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { transactions } from '../../src/transactions.ts'

const [many, chunk, rounds] = [50, 20_000, 150]
const folder = mkdtempSync(join(tmpdir(), 'berth-meter-'))
const fail = (error: unknown): never => {
  throw new Error('it could not be measured', { cause: error })
}
const common = { clock: systemClock, ids: systemIds }
const database = await openSqliteDatabase({ ...common, path: join(folder, 'berth.db'), mustExist: false, startWriter: () => inlineWriter(transactions), onFatal: fail })
const meter = createMeter({ ...common, database, writer: systemIds.uuid(), onError: fail })
try {
  const parts = { ...common, database, store: createMemoryStore(() => systemClock.now()), authorize: allowAll, settings, contentCache: 2 ** 20 }
  const [without, counted] = [createRegistry(parts), createRegistry({ ...parts, meter })]
  const names = Array.from({ length: many }, (_, at) => repository(`team/app-${at}`))
  const actors = names.map((_, at): Actor => ({ ...anonymous, principal: { kind: 'account', id: at + 1 } }))
  const digests: ReturnType<typeof byDigest>[] = []
  for (const name of names) {
    const config = { digest: await pushBlob(without, name, '{}'), size: 2 }
    digests.push(byDigest(await pushManifest(without, name, byTag('v1'), manifestOf([], config, { annotations: { name } }))))
  }
  const tag = byTag('v1')
  const at = <T>(list: readonly T[], index: number): T => list[index % many] as T
  const reads: Readonly<Record<string, (registry: Registry, turn: number) => unknown>> = {
    'GET of one tag': ({ pull }) => pull.manifest(at(actors, 0), at(names, 0), tag),
    'HEAD of one tag': ({ pull }) => pull.statManifest(at(actors, 0), at(names, 0), tag),
    'GET of 50 tags by 50 callers': ({ pull }, turn) => pull.manifest(at(actors, turn), at(names, turn), tag),
    'GET of 50 digests, each by 50 callers in turn': ({ pull }, turn) =>
      pull.manifest(at(actors, Math.floor(turn / many)), at(names, turn), at(digests, turn)),
  }
  for (const [what, read] of Object.entries(reads)) {
    const microseconds = async (registry: Registry): Promise<number> => {
      const begun = performance.now()
      for (let turn = 0; turn < chunk; turn++) {
        const answer = read(registry, turn)
        if (answer instanceof Promise) await answer
      }
      return ((performance.now() - begun) / chunk) * 1_000
    }
    const pairs: [number, number][] = []
    for (let round = 0; round < rounds; round++) pairs.push([await microseconds(without), await microseconds(counted)])
    const column = (of: (pair: [number, number]) => number) => pairs.map(of).sort((a, b) => a - b)
    const median = (of: (pair: [number, number]) => number) => Number((column(of)[rounds / 2] ?? 0).toFixed(3))
    console.log(JSON.stringify({ what, microseconds: median(([a]) => a), added: median(([a, b]) => b - a) }))
  }
} finally {
  await meter.close()
  await database.close()
  rmSync(folder, { recursive: true })
}
