import type { Archive, BlobStore } from '../../storage/index.ts'
import { rowsFolder, type TableFile } from './manifest.ts'
import { objectsOf } from './stored-objects.ts'

/** Removes what only earlier backups in this folder needed, those included that did not come to their end. */
export async function removeOutdated(archive: Archive, target: BlobStore, tables: readonly TableFile[], id: string): Promise<void> {
  const needed = new Set<string>()
  for await (const object of await objectsOf(archive, tables)) needed.add(object.key)
  for (let page = await target.list(); ; page = await target.list(page.next)) {
    for (const object of page.objects) {
      if (object.key === undefined || !needed.has(object.key)) await target.delete(object.id, object.key)
    }
    if (page.next === undefined) break
  }
  for (const name of archive.names()) if (/^rows-[0-9a-f-]{36}$/.test(name) && name !== rowsFolder(id)) archive.remove(name)
}
