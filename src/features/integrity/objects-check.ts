import { affectingBlob } from './affected.ts'
import { rowsAtOnce, type Check, type Page, type Scene } from './check.ts'
import { finding, type Finding, type FindingCode } from './finding.ts'
import { objectById, objectsAfter, type ObjectRow } from './integrity-store.ts'
import { lookAtBytes, type StoredBytes } from './stored-bytes.ts'

/** Objects whose sizes are asked for at the same time. */
const looksAtOnce = 16
/** A page of a deep check ends after so many bytes, so that where it was can be kept. */
const bytesAtOnce = 64 * 1024 * 1024

/** Rows of objects: their bytes, the blob that has them, and that the collector remembers those that are to go. */
export function objectsCheck(scene: Scene): Check {
  return Object.freeze<Check>({
    name: 'objects',
    page: async ([after = ''] = []) => {
      const rows = await scene.database.all(objectsAfter, after)
      return scene.deep ? await readPage(scene, rows) : await lookPage(scene, rows)
    },
  })
}

async function lookPage(scene: Scene, rows: readonly ObjectRow[]): Promise<Page> {
  const findings: Finding[] = []
  for (let from = 0; from < rows.length; from += looksAtOnce) {
    const judged = await Promise.all(rows.slice(from, from + looksAtOnce).map((row) => judge(scene, row)))
    findings.push(...judged.flat())
  }
  return { findings, looked: rows.length, next: nextAfter(rows, rows.length) }
}

async function readPage(scene: Scene, rows: readonly ObjectRow[]): Promise<Page> {
  const findings: Finding[] = []
  let [looked, bytes] = [0, 0]
  while (looked < rows.length && bytes < bytesAtOnce) {
    const row = rows[looked++] as ObjectRow
    findings.push(...(await judge(scene, row)))
    bytes += row.size ?? 0
  }
  return { findings, looked, next: nextAfter(rows, looked) }
}

function nextAfter(rows: readonly ObjectRow[], looked: number): Page['next'] {
  const last = rows[looked - 1]
  return last === undefined || (looked === rows.length && rows.length < rowsAtOnce) ? undefined : [last.id]
}

async function judge(scene: Scene, row: ObjectRow): Promise<Finding[]> {
  if (row.state === 'writing' || row.state === 'doomed') return await judgePassing(scene, row)
  if (row.blob_id === null || row.digest === null || row.size === null) {
    const remedy = { kind: 'queue', queue: 'object', key: row.id } as const
    return (await unchanged(scene, row)) ? [finding('object-without-blob', subjectOf(row), '', remedy)] : []
  }
  const { digest, size, blob_id: blobId } = row
  // Bytes that come back to life must be beyond doubt.
  const hash = scene.deep || row.state === 'damaged'
  const bytes: StoredBytes = row.key === null ? { are: 'missing' } : await lookAtBytes(scene, row.key, { digest, size }, hash)
  if (bytes.are === 'whole' && row.state === 'live') return []
  // Objects come and go while a server runs: only what is still said to be there is missing.
  if (!(await unchanged(scene, row))) return []
  return [await affectingBlob(scene.database, describe(row, digest, bytes), blobId, digest)]
}

function describe(row: ObjectRow, digest: string, bytes: StoredBytes): Finding {
  const subject = subjectOf(row)
  if (bytes.are === 'whole') return finding('object-whole-again', subject, '', { kind: 'restore', objectId: row.id, digest })
  const detail = 'detail' in bytes ? bytes.detail : ''
  if (row.state === 'damaged') return finding('object-damaged', subject, `${bytes.are}${detail === '' ? '' : `: ${detail}`}`)
  const code: FindingCode = `object-${bytes.are}`
  // A medium that fails now may be back later; and a reader gets an error, never wrong bytes.
  if (bytes.are === 'unreadable') return finding(code, subject, detail)
  return finding(code, subject, detail, { kind: 'mark damaged', objectId: row.id, digest, finding: detail === '' ? bytes.are : detail })
}

/** Objects that are being written, or are to go: the collector must know of them, and no blob may. */
async function judgePassing(scene: Scene, row: ObjectRow): Promise<Finding[]> {
  const findings: Finding[] = []
  if (row.queued === 0) {
    findings.push(finding('object-not-queued', subjectOf(row), `is ${row.state}`, { kind: 'queue', queue: 'object', key: row.id }))
  }
  if (row.blob_id !== null && row.digest !== null) {
    const found = finding('blob-object-not-live', subjectOf(row), `is ${row.state}`)
    findings.push(await affectingBlob(scene.database, found, row.blob_id, row.digest))
  }
  return findings.length > 0 && (await unchanged(scene, row)) ? findings : []
}

async function unchanged({ database }: Scene, row: ObjectRow): Promise<boolean> {
  const now = await database.one(objectById, row.id)
  return now?.state === row.state && now.key === row.key && now.blob_id === row.blob_id && now.queued === row.queued
}

function subjectOf({ id, key, digest }: ObjectRow) {
  return { object: id, ...(key === null ? {} : { file: key }), ...(digest === null ? {} : { digest }) }
}
