import { type Client, Violation } from '../rig/client.ts'
import { each } from '../rig/each.ts'
import type { Item } from '../rig/ledger.ts'
import { look, pathOf } from '../rig/look.ts'
import { type Keeping, project } from './deleting-writer.ts'
import { choicesOf, type Load } from './load.ts'
import type { Fate, ShelvedImage, Shelf } from './shelf.ts'
import { type TrashItem, wholeTrash } from './trash-client.ts'

const atOnce = 8
const sample = 25

/**
 * After a restart: what was acknowledged is there, every byte of it, what was deleted is not, and is in the trash for as long as that was
 * promised. What was in doubt is settled by what is seen.
 */
export async function checkShelf(load: Load, shelf: Shelf, keeping: Keeping, howMuch: 'lately' | 'all'): Promise<void> {
  const random = choicesOf(load, 'shelf')
  const all = shelf.all()
  const older = all.filter(({ touched }) => !touched)
  const some = older.length === 0 ? [] : Array.from({ length: sample }, () => random.pick(older))
  const chosen = howMuch === 'all' ? all : [...new Set([...all.filter(({ touched }) => touched), ...some])]
  await each(chosen, atOnce, (image) => checkImage(load, keeping, image))
  if (keeping.retention > 0) await checkTrash(load, shelf)
}

async function checkImage(load: Load, keeping: Keeping, image: ShelvedImage): Promise<void> {
  const { client, figures } = load
  const { repository, manifest, tag, config, layers } = image
  image.fate = await settle(load, { kind: 'manifest', repository, digest: manifest.digest }, image.fate)
  if (tag !== undefined) image.tagFate = await settle(load, { kind: 'tag', repository, tag, digest: manifest.digest }, image.tagFate)
  // What no tag names is looked at once more when it is gone.
  if (image.fate === 'kept' && image.tagFate !== 'kept' && !keeping.keepsUntagged) image.fate = 'fading'
  image.touched = false
  if (image.fate !== 'kept') return
  for (const { digest } of [config, ...layers]) await expectThere(client, { kind: 'blob', repository, digest })
  figures.checks += layers.length + 1
}

async function expectThere(client: Client, item: Item): Promise<void> {
  if ((await look(client, item)) === 'absent') throw new Violation(`${pathOf(item)} of an image that was acknowledged is not there`)
}

/** What became of it. Fails with Violation when that is not what was acknowledged. */
async function settle({ client, figures }: Load, item: Item, fate: Fate): Promise<Fate> {
  const found = await look(client, item)
  figures.checks++
  if (fate === 'kept' && found === 'absent') throw new Violation(`${pathOf(item)} was acknowledged and is not there`)
  if (fate === 'gone' && found === 'present') throw new Violation(`${pathOf(item)} was deleted or missing and is there again`)
  if (fate === 'fading') return found === 'present' ? 'fading' : 'gone'
  if (fate !== 'possible') return fate
  if (found === 'present') figures.lostButDone++
  else figures.lostUndone++
  return found === 'present' ? 'kept' : 'gone'
}

/** Nobody works while it is read: only the collector, on what is due. */
async function checkTrash({ client, figures }: Load, shelf: Shelf): Promise<void> {
  const items = await wholeTrash(client, project)
  const read = Date.now()
  const found = new Map(items.map((item) => [keyOf(item.kind, item.digest), item]))
  const images = new Map(shelf.all().map((image) => [image.manifest.digest as string, image]))
  for (const item of items) checkItem(shelf, images.get(item.digest), item)
  for (const { repository, manifest, tag, inTrash } of images.values()) {
    for (const [kind, until] of inTrash) {
      const name = kind === 'tag' ? `${repository}:${tag}` : `${repository}@${manifest.digest}`
      if (found.has(keyOf(kind, manifest.digest))) figures.foundInTrash++
      else if (read < until) throw new Violation(`${name} was deleted, and is not in the trash ${until - read} ms before its time`)
      else inTrash.delete(kind)
    }
  }
}

const keyOf = (kind: string, digest: string): string => `${kind} ${digest}`

function checkItem({ purged }: Shelf, image: ShelvedImage | undefined, { id, kind, digest, path }: TrashItem): void {
  const name = `${project}/${path}@${digest}`
  if (purged.has(id)) throw new Violation(`the ${kind} of ${name} was purged as ${id}, and is in the trash again`)
  if (image === undefined) throw new Violation(`${name} is in the trash as ${id}: nobody has ever pushed it`)
  if (`${project}/${path}` !== image.repository) throw new Violation(`${name} is in the trash, and was pushed to ${image.repository}`)
  if (kind === 'manifest' && image.fate === 'kept') throw new Violation(`${name} was acknowledged and is in the trash as ${id}`)
}
