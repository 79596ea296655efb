import { digestBytes } from '../../src/oci/index.ts'
import { createClient, expectStatus, Violation } from '../rig/client.ts'
import { createContent } from '../rig/content.ts'
import { createManifest } from '../rig/image.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { poll } from '../rig/poll.ts'
import { createRandom, type Random } from '../rig/random.ts'
import type { Disk } from './disk.ts'
import { type Image, push, pushImage, putImage } from './pushes.ts'
import { Refused } from '../rig/refusal.ts'

const clients = 4
const fillLimit = 60_000
/** After so many refusals in a row a client takes the disk for full. */
const patience = 30

/** Of the tag that is overwritten. */
const movingConfig = createContent('config moving', 500)

/** Something to read, to delete and to end later, from before the disk was full. */
export async function furnish(disk: Disk): Promise<Image[]> {
  const random = createRandom('furnish')
  const victims: Image[] = []
  await push(disk, 'disk/app', movingConfig, 'single')
  await putImage(disk, 'disk/app', 'first', createManifest('first', movingConfig, []), [movingConfig])
  for (let n = 0; n < 40; n++) victims.push(await pushImage(disk, random, `victim-${n}`, n % 2 === 0 ? 2_000 : 40_000))
  for (let n = 0; n < 4; n++) await push(disk, 'disk/open', createContent(`open ${n}`, 60_000 * (n + 1)), 'leave')
  return victims
}

/**
 * Pushes until a client was refused many times in a row, and answers the images. `sizeAfter` gives the size of a layer after
 * so many refusals.
 */
export async function fill(disk: Disk, sizeAfter: (random: Random, refusals: number) => number = shrinking): Promise<Image[]> {
  const deadline = performance.now() + fillLimit
  const images: Image[] = []
  const one = async (client: number): Promise<void> => {
    const random = createRandom('fill', client)
    let row = 0
    for (let n = 0; row < patience; n++) {
      if (performance.now() > deadline) throw new Error(`the disk was not full within ${fillLimit} ms`)
      const push = async () => images.push(await pushImage(disk, random, `fill-${client}-${n}`, sizeAfter(random, row)))
      row = (await isRefused(disk, push)) ? row + 1 : 0
    }
  }
  await Promise.all(Array.from({ length: clients }, (_, client) => one(client)))
  return images
}

/** The more refusals, the smaller: so that objects, rows and at last the database itself run out of room. */
function shrinking(random: Random, refusals: number): number {
  if (refusals < 5) return random.between(33_000, 600_000)
  return refusals < 15 ? random.between(200, 32_000) : random.between(200, 2_000)
}

/** Keeps the disk full for a while: pushes, reads, deletes and an overwritten tag go on. */
export async function hold(disk: Disk, ms: number, victims: readonly Image[]): Promise<void> {
  const deadline = performance.now() + ms
  const goesOn = (): boolean => performance.now() < deadline
  await Promise.all([
    ...Array.from({ length: clients }, (_, client) => pushOn(disk, goesOn, client)),
    readOn(disk, goesOn),
    deleteOn(disk, goesOn, [...victims]),
    overwriteOn(disk, goesOn),
  ])
}

async function pushOn(disk: Disk, goesOn: () => boolean, client: number): Promise<void> {
  const random = createRandom('hold', client)
  for (let n = 0; goesOn(); n++) {
    await isRefused(disk, () => pushImage(disk, random, `hold-${client}-${n}`, random.pick([500, 20_000, 50_000, 400_000])))
    await Bun.sleep(20)
  }
}

/** What a full disk must not stop. */
async function readOn(disk: Disk, goesOn: () => boolean): Promise<void> {
  const random = createRandom('read')
  const client = createClient(disk.server.url)
  while (goesOn()) {
    const item = random.pick(disk.ledger.all('kept'))
    const found = await look(client, item)
    // It may have been deleted meanwhile.
    if (found === 'absent' && disk.ledger.state(item) === 'kept') throw new Violation(`${pathOf(item)} is not there any more`)
    if (found === 'present') expectStatus(await client.send('HEAD', pathOf(item)), 200, 404)
    expectStatus(await client.send('GET', `/v2/${item.repository}/tags/list?n=10`), 200)
    disk.figures.reads++
  }
}

/** A delete may need room: then it is refused and nothing is deleted. */
async function deleteOn(disk: Disk, goesOn: () => boolean, victims: Image[]): Promise<void> {
  const random = createRandom('delete')
  for (let victim = victims.pop(); victim !== undefined && goesOn(); ) {
    const deleted = await deleteImage(disk, victim, random.chance(0.5) ? 'tag' : 'manifest')
    if (deleted) disk.figures.deletes++
    else disk.figures.deletesRefused++
    if (deleted) victim = victims.pop()
    await Bun.sleep(50)
  }
}

/** Deletes the tag alone, or the manifest with its tag. Answers false when that was refused, and then it must all be there. */
export async function deleteImage(disk: Disk, { tag, manifest, blobs }: Image, what: 'tag' | 'manifest'): Promise<boolean> {
  const { ledger } = disk
  const reader = createClient(disk.server.url)
  const items: Item[] = what === 'tag' ? [tag] : [tag, manifest]
  // Once their manifest is gone, the collector may take its blobs at any time.
  const freed = what === 'manifest' && disk.collects ? blobs : []
  for (const item of [...items, ...freed]) ledger.doubt(item)
  const path = `/v2/${manifest.repository}/manifests/${what === 'tag' ? tag.tag : manifest.digest}`
  const refused = await isRefused(disk, async () => expectStatus(await disk.client.send('DELETE', path), 202))
  for (const item of items) {
    const found = await look(reader, item)
    if ((found === 'present') !== refused) throw new Violation(`${path}: refused: ${refused}, and ${pathOf(item)} is ${found}`)
    if (refused) ledger.keep(item)
    else ledger.forget(item)
  }
  if (refused) for (const item of freed) ledger.keep(item)
  return !refused
}

/** A tag that is overwritten: a refused overwrite must leave what was acknowledged last. */
async function overwriteOn(disk: Disk, goesOn: () => boolean): Promise<void> {
  const client = createClient(disk.server.url)
  const path = '/v2/disk/app/manifests/moving'
  let present: string | undefined
  for (let n = 0; goesOn(); n++) {
    const { bytes: body, digest, mediaType } = createManifest(`moving ${n}`, movingConfig, [])
    const headers = { 'content-type': mediaType }
    const refused = await isRefused(disk, async () => expectStatus(await disk.client.send('PUT', path, { body, headers }), 201))
    if (!refused) present = digest
    const answer = expectStatus(await client.send('GET', path), present === undefined ? 404 : 200)
    const found = answer.status === 200 ? digestBytes(answer.bytes, 'sha256') : undefined
    if (found !== present) throw new Violation(`the tag is at ${found}, acknowledged last was ${present}`)
    await Bun.sleep(20)
  }
}

/** Ms until a large image can be pushed again. Fails when that takes longer than `limitMs`. */
export async function resume(disk: Disk, limitMs: number): Promise<number> {
  const started = performance.now()
  const random = createRandom('resume')
  let n = 0
  await poll('the first push', limitMs, async () => {
    const refused = await isRefused(disk, () => pushImage(disk, random, `resume-${n++}`, 300_000))
    return refused ? undefined : true
  })
  return performance.now() - started
}

async function isRefused({ figures }: Disk, work: () => Promise<unknown>): Promise<boolean> {
  try {
    await work()
    return false
  } catch (error) {
    if (!(error instanceof Refused)) throw error
    figures.refused++
    return true
  }
}
