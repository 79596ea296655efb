import { StorageError } from '../../storage/index.ts'
import { pageOf, type Check, type Scene } from './check.ts'
import { finding, type Finding } from './finding.ts'
import { uploadById, uploadsAfter, type UploadRow } from './integrity-store.ts'

/** Sessions: the bytes they acknowledged, and that the collector will end them. */
export function uploadsCheck(scene: Scene): Check {
  return Object.freeze<Check>({
    name: 'uploads',
    page: ([after = ''] = []) =>
      pageOf(() => scene.database.all(uploadsAfter, after), (row: UploadRow) => [row.id], (row) => judge(scene, row)),
  })
}

async function judge(scene: Scene, row: UploadRow): Promise<Finding | undefined> {
  const subject = { upload: row.id, ...(row.path === null ? {} : { repository: row.path }) }
  if (row.queued === 0) return finding('upload-not-queued', subject, '', { kind: 'queue', queue: 'upload', key: row.id })
  if (row.path === null) return finding('upload-dangling', subject, 'its repository is not there')
  if (row.object_id === null || row.state !== 'open') return undefined
  if (row.object_state !== 'writing') return finding('upload-dangling', subject, `its object is ${row.object_state ?? 'not there'}`)
  const detail = await lackOf(scene, row.object_id, row)
  if (detail === undefined || !(await unchanged(scene, row))) return undefined
  return finding('upload-bytes-missing', { ...subject, object: row.object_id }, detail)
}

/** What is missing of the acknowledged bytes: they are unfinished, or have their final name already. */
async function lackOf({ store, deep, pace }: Scene, objectId: string, row: UploadRow): Promise<string | undefined> {
  // The last byte is there when there are enough of them; that all can be read is for a deep check.
  const from = deep ? 0 : Math.max(row.received - 1, 0)
  try {
    for await (const chunk of store.readUnfinished(objectId, row.received, from)) await pace(chunk.length)
    return undefined
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    if (error.code !== 'missing') return `its bytes cannot be read: ${error.message}`
  }
  const finished = row.object_key === null ? undefined : await store.stat(row.object_key)
  if (finished !== undefined && finished.size >= row.received) return undefined
  return `there are fewer than the ${row.received} bytes that were acknowledged`
}

async function unchanged({ database }: Scene, row: UploadRow): Promise<boolean> {
  const now = await database.one(uploadById, row.id)
  return now?.state === row.state && now.received === row.received && now.object_id === row.object_id && now.object_key === row.object_key
}
