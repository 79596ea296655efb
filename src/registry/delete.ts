import type { Database } from '../database/index.ts'
import { admit } from './admission.ts'
import { deleteBlob, deleteManifest, deleteTag } from './delete-transactions.ts'
import { resultOf } from './failure.ts'
import type { Authorize } from './ports.ts'
import type { Deletes } from './registry.ts'
import type { RegistrySettings } from './settings.ts'

export interface DeleteDeps {
  readonly database: Database
  readonly authorize: Authorize
  readonly settings: RegistrySettings
}

export function createDeletes({ database, authorize, settings }: DeleteDeps): Deletes {
  return {
    manifest: async (actor, repository, reference, precondition) => {
      await admit(authorize, actor, 'delete', repository)
      const by = { identity: actor.identity, address: actor.address }
      const outcome =
        reference.kind === 'tag'
          ? await database.transact(deleteTag, { repository, name: reference.tag, actor: by, precondition })
          : await database.transact(deleteManifest, { repository, digest: reference.digest, actor: by, lease: settings.lease, precondition })
      resultOf(outcome)
    },
    blob: async (actor, repository, digest) => {
      await admit(authorize, actor, 'delete', repository)
      const by = { identity: actor.identity, address: actor.address }
      resultOf(await database.transact(deleteBlob, { repository, digest, actor: by }))
    },
  }
}
