import type { Database } from '../database/index.ts'
import { RegistryError, type Digest, type Precondition, type RepositoryName, type Tag } from '../oci/index.ts'
import type { EventActor } from '../record/index.ts'
import type { Actor } from './actor.ts'
import { admit, deletionEvidence } from './admission.ts'
import { deleteBlob, deleteManifest, deleteTag } from './delete-transactions.ts'
import { resultOf, withRegistryErrors } from './failure.ts'
import { tagsOfDigest } from './list-store.ts'
import type { Authorize } from './ports.ts'
import type { Deletes, Registry } from './registry.ts'
import type { RegistrySettings } from './settings.ts'
import { createTrash } from './trash.ts'

export interface DeleteDeps {
  readonly database: Database
  readonly authorize: Authorize
  readonly settings: RegistrySettings
}

/** What takes things away, and what brings them back. */
export function createRemovals(deps: DeleteDeps): Pick<Registry, 'deletes' | 'trash'> {
  return { deletes: withRegistryErrors(createDeletes(deps)), trash: withRegistryErrors(createTrash(deps)) }
}

function createDeletes(deps: DeleteDeps): Deletes {
  const { database, authorize } = deps
  const { retention } = deps.settings
  return {
    manifest: async (actor, repository, reference, precondition) => {
      if (reference.kind === 'digest') return await deleteByDigest(deps, { actor, repository, digest: reference.digest, precondition })
      const project = await admit(authorize, actor, 'delete', repository, reference.tag)
      const input = { repository, project, name: reference.tag, actor: actorOf(actor), precondition, retention }
      resultOf(await database.transact(deleteTag, input))
    },
    blob: async (actor, repository, digest) => {
      const project = await admit(authorize, actor, 'delete', repository)
      resultOf(await database.transact(deleteBlob, { repository, project, digest, actor: actorOf(actor), retention }))
    },
  }
}

function actorOf({ identity, address }: Actor): EventActor {
  return { identity, address }
}

/** A tag can come between the question about its tags and the deletion: then all of them are asked about again, so often. */
const attempts = 5

interface Deletion {
  readonly actor: Actor
  readonly repository: RepositoryName
  readonly digest: Digest
  readonly precondition: Precondition | undefined
}

async function deleteByDigest({ database, authorize, settings }: DeleteDeps, { actor, ...deletion }: Deletion): Promise<void> {
  const { repository, digest } = deletion
  const project = await admit(authorize, actor, 'delete', repository)
  for (let attempt = 0; attempt < attempts; attempt++) {
    const names = (await database.all(tagsOfDigest, repository, digest)).map(({ name }) => name as Tag)
    const tags = await deletionEvidence(authorize, actor, repository, names)
    const input = { ...deletion, project, actor: actorOf(actor), lease: settings.lease, retention: settings.retention, tags }
    const outcome = await database.transact(deleteManifest, input)
    if (!('refused' in outcome && outcome.refused === 'TAGS_CHANGED')) return void resultOf(outcome)
  }
  throw new RegistryError('UNAVAILABLE')
}
