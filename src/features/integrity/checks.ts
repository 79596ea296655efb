import type { Check, Scene } from './check.ts'
import { filesCheck } from './files-check.ts'
import { objectsCheck } from './objects-check.ts'
import { referencesCheck } from './references-check.ts'
import { blobsCheck, contentsCheck, databaseCheck, linksCheck, manifestsCheck, tagsCheck } from './rows-checks.ts'
import { uploadsCheck } from './uploads-check.ts'

/** Every check, in the order in which they are made. */
export function createChecks(scene: Scene): readonly Check[] {
  return [databaseCheck, objectsCheck, contentsCheck, blobsCheck, linksCheck, manifestsCheck, referencesCheck, tagsCheck, uploadsCheck, filesCheck].map(
    (create) => create(scene),
  )
}
