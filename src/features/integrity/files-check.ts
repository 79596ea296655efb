import { StorageError, type StoredObject } from '../../storage/index.ts'
import type { Check, Scene } from './check.ts'
import { finding, type Finding } from './finding.ts'
import { objectKeys } from './integrity-store.ts'

/** Ids asked for in one statement. */
const idsAtOnce = 500

/** Everything the store has: each name must be that of a row. */
export function filesCheck(scene: Scene): Check {
  return Object.freeze<Check>({
    name: 'files',
    page: async ([cursor] = []) => {
      const { objects, strangers, next } = await scene.store.list(cursor === undefined ? undefined : String(cursor))
      const findings = strangers.map((file) => finding('file-foreign', { file }))
      for (let from = 0; from < objects.length; from += idsAtOnce) {
        findings.push(...(await judge(scene, objects.slice(from, from + idsAtOnce))))
      }
      return { findings, looked: objects.length + strangers.length, next: next === undefined ? undefined : [next] }
    },
  })
}

async function judge(scene: Scene, objects: readonly StoredObject[]): Promise<Finding[]> {
  const rows = await scene.database.all(objectKeys, JSON.stringify(objects.map(({ id }) => id)))
  const known = new Map(rows.map(({ id, key }) => [id, key]))
  const findings: Finding[] = []
  for (const object of objects) {
    const found = findingOf(object, known)
    // A row goes after its file: one that was deleted since it was listed is no finding.
    if (found !== undefined && (await isStillThere(scene, object))) findings.push(found)
  }
  return findings
}

function findingOf({ id, key, size, modified }: StoredObject, known: ReadonlyMap<string, string | null>): Finding | undefined {
  const file = key ?? `uploads/${id}`
  const row = known.get(id)
  if (row === undefined) return finding('file-unknown', { object: id, file }, `${size} bytes`, { kind: 'remove file', id, key, modified })
  if (key === undefined || row === key) return undefined
  return finding('file-misplaced', { object: id, file }, row === null ? 'its row names no file yet' : `its row names ${row}`)
}

async function isStillThere({ store }: Scene, { id, key }: StoredObject): Promise<boolean> {
  if (key !== undefined) return (await store.stat(key)) !== undefined
  try {
    for await (const _ of store.readUnfinished(id, 0)) continue
    return true
  } catch (error) {
    if (error instanceof StorageError && error.code === 'missing') return false
    throw error
  }
}
