import { linuxAmd64Image, mediaTypes, readsNoLists, RegistryError, type Reference, type RepositoryName } from '../../oci/index.ts'
import type { Api, Call } from './call.ts'

/**
 * The one place where `Accept` decides: a client that reads Docker's image manifests and no lists gets, by tag, the linux/amd64
 * image of a Docker manifest list, as from the reference registry. By digest everybody gets what has that digest, and a list
 * without such an image is answered as it is.
 * @param found what is stored under `reference`
 * @returns the image's reference; absent when `found` is the answer
 */
export async function legacyImage(
  { registry }: Api,
  { actor, request }: Call,
  repository: RepositoryName,
  reference: Reference,
  found: { readonly mediaType: string },
): Promise<Reference | undefined> {
  if (reference.kind === 'digest' || !variesByAccept(reference, found) || !readsNoLists(request.headers.get('accept'))) return undefined
  const list = await registry.pull.manifest(actor, repository, reference)
  const digest = list.mediaType === mediaTypes.dockerList ? linuxAmd64Image(list.bytes) : undefined
  if (digest === undefined) return undefined
  const image: Reference = { kind: 'digest', digest }
  try {
    await registry.pull.statManifest(actor, repository, image)
    return image
  } catch (error) {
    // Deleted, or left out by a sparse push.
    if (error instanceof RegistryError && error.code === 'MANIFEST_UNKNOWN') return undefined
    throw error
  }
}

/** Caches must know where the answer depends on the client. */
export function variesByAccept(reference: Reference, { mediaType }: { readonly mediaType: string }): boolean {
  return reference.kind === 'tag' && mediaType === mediaTypes.dockerList
}
