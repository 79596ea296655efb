import type { Precondition } from '../../src/oci/index.ts'
import { settings } from '../model/core.ts'
import type { Operation } from '../model/operation.ts'
import { blobs, manifests } from '../model/pool.ts'

/** Something to let fail at each of its calls: what goes before it, and it. */
export interface Scenario {
  readonly name: string
  readonly before: readonly Operation[]
  readonly act: Operation
}

const [here, elsewhere] = ['a/one', 'a/two']
const digestOf = (n: number): string => blobs[n]?.digests.sha256 as string
const manifestDigest = (n: number): string => manifests[n]?.digests.sha256 as string
const [image, larger, index, empty, signature] = [0, 1, 2, 3, 5]
const [small, row, file, largeFile] = [2, 3, 4, 5]

const push = (blob: number, repository = here, algorithm: 'sha256' | 'sha512' = 'sha256', as?: number): Operation => ({
  kind: 'push', repository, blob, algorithm, ...(as === undefined ? {} : { as }),
})
const begin = (blob: number): Operation => ({ kind: 'begin', repository: here, blob })
const append = (bytes: number, cut = false): Operation => ({ kind: 'append', session: 0, bytes, range: 'right', cut })
const finish = (rest: boolean): Operation => ({ kind: 'finish', session: 0, algorithm: 'sha256', rest })
const put = (manifest: number, tag?: string, further: readonly string[] = [], precondition?: Precondition): Operation => ({
  kind: 'put', repository: here, manifest, algorithm: 'sha256', further,
  ...(tag === undefined ? {} : { tag }), ...(precondition === undefined ? {} : { precondition }),
})
const untag = (tag: string, precondition?: Precondition): Operation => ({
  kind: 'delete manifest', repository: here, reference: { tag }, ...(precondition === undefined ? {} : { precondition }),
})
const wait = (ms: number): Operation => ({ kind: 'wait', ms })
const collect: Operation = { kind: 'collect' }
const restart: Operation = { kind: 'restart' }
const get = (blob: number): Operation => ({ kind: 'get blob', repository: here, digest: digestOf(blob) })
const damage = (how: 'truncated' | 'flipped'): Operation => ({ kind: 'damage', digest: digestOf(file), how })
const deleteBlob = (blob: number): Operation => ({ kind: 'delete blob', repository: here, digest: digestOf(blob) })
const pullManifest: Operation = { kind: 'get manifest', repository: here, reference: { tag: 'v1' } }

const imageBlobs = [push(1), push(file)]
const anImage = [...imageBlobs, put(image, 'v1')]
/** Without the foreign layer of the second one. */
const twoImages = [...anImage, push(small), push(largeFile), put(larger, 'latest')]
const is = (manifest: number): Precondition => ({ match: [manifestDigest(manifest)], noneMatch: undefined })
const absent: Precondition = { match: undefined, noneMatch: 'any' }

const table: readonly (readonly [string, readonly Operation[], Operation])[] = [
  ['push a row', [], push(small)],
  ['push the largest row', [push(small)], push(row)],
  ['push a file', [], push(file)],
  ['push a file that is elsewhere', [push(file, elsewhere)], push(file)],
  ['push a file that is here', [push(file)], push(file)],
  ['push by sha512', [], push(file, here, 'sha512')],
  ['push a row with the digest of another', [], push(small, here, 'sha256', row)],
  ['push a file with the digest of another', [], push(file, here, 'sha256', largeFile)],
  ['begin a session', [], begin(file)],
  ['PATCH into the row', [begin(largeFile)], append(100)],
  ['PATCH into a file', [begin(largeFile)], append(50_000)],
  ['PATCH that outgrows the row', [begin(largeFile), append(20_000)], append(20_000)],
  ['PATCH after PATCH', [begin(largeFile), append(33_000)], append(20_000)],
  ['PATCH that is cut off', [begin(largeFile)], append(50_000, true)],
  ['PATCH by another process', [begin(largeFile), append(33_000), restart], append(10_000)],
  ['PATCH of a row by another process', [begin(largeFile), append(100), restart], append(100)],
  ['close a row', [begin(small), append(100)], finish(true)],
  ['close with all bytes', [begin(largeFile)], finish(true)],
  ['close after PATCH', [begin(largeFile), append(50_000)], finish(false)],
  ['close with the rest', [begin(largeFile), append(33_000)], finish(true)],
  ['close by another process', [begin(largeFile), append(33_000), restart], finish(true)],
  ['close by another process, nothing left', [begin(largeFile), append(50_000), restart], finish(false)],
  ['close again', [begin(largeFile), finish(true)], finish(true)],
  ['close what is here already', [push(largeFile), begin(largeFile), append(50_000)], finish(false)],
  ['cancel a row', [begin(small), append(100)], { kind: 'cancel', session: 0 }],
  ['cancel a file', [begin(largeFile), append(50_000)], { kind: 'cancel', session: 0 }],
  ['mount', [push(file, elsewhere)], { kind: 'mount', repository: here, blob: file, from: elsewhere }],
  ['mount from anywhere', [push(small), push(file, elsewhere)], { kind: 'mount', repository: here, blob: file }],
  ['put by tag', imageBlobs, put(image, 'v1')],
  ['put by digest', imageBlobs, put(image)],
  ['put with several tags', imageBlobs, put(image, undefined, ['v1', 'latest', 'V2'])],
  ['put an index', twoImages, put(index, 'V2')],
  ['put what misses a child', [push(1)], put(image, 'v1')],
  ['put a referrer', anImage, put(signature)],
  ['overwrite a tag', twoImages, put(larger, 'v1')],
  ['create a tag where there is none', imageBlobs, put(image, 'v1', [], absent)],
  ['create a tag where there is one', anImage, put(empty, 'v1', [], absent)],
  ['move a tag from what was seen', [...anImage, put(empty)], put(empty, 'v1', [], is(image))],
  ['push what a manifest waits for', twoImages, push(0)],
  ['collect around what came for a manifest', [...twoImages, push(0), push(row), wait(settings.lease)], collect],
  ['delete a tag', anImage, untag('v1')],
  ['delete a tag from what was seen', anImage, untag('v1', is(image))],
  ['delete a manifest', anImage, { kind: 'delete manifest', repository: here, reference: { digest: manifestDigest(image) } }],
  ['delete a blob', [push(file)], deleteBlob(file)],
  ['delete a blob that a manifest needs', anImage, deleteBlob(file)],
  ['push a deleted blob again', [...anImage, deleteBlob(file)], push(file)],
  ['collect a link and a row', [push(small), wait(settings.lease)], collect],
  ['collect a link, a blob and doom its file', [push(file), push(small), wait(settings.lease)], collect],
  ['collect a file', [push(file), wait(settings.lease), collect, wait(settings.drain)], collect],
  ['expire sessions', [begin(small), begin(largeFile), { ...append(50_000), session: 1 } as Operation, wait(settings.uploadExpiry)], collect],
  ['collect the file of an expired session', [begin(largeFile), append(50_000), wait(settings.uploadExpiry), collect, wait(settings.drain)], collect],
  ['HEAD that renews a lease', [push(file), wait(settings.lease / 2)], { kind: 'stat blob', repository: here, digest: digestOf(file) }],
  ['GET a row', [push(small), restart], get(small)],
  ['GET a file for the first time', [push(file), restart], get(file)],
  ['GET a file that is cut off', [push(file), damage('truncated')], get(file)],
  ['GET a file with another digest', [push(file), damage('flipped')], get(file)],
  ['heal a damaged blob', [...anImage, damage('flipped'), get(file)], push(file)],
  ['replace a file that is cut off', [...anImage, damage('truncated')], push(file)],
  ['pull a manifest', [...anImage, restart], pullManifest],
  ['list tags', anImage, { kind: 'tags', repository: here }],
  ['list referrers', [...anImage, put(signature)], { kind: 'referrers', repository: here, subject: manifestDigest(image) }],
]

export const scenarios: readonly Scenario[] = table.map(([name, before, act]) => ({ name, before, act }))
