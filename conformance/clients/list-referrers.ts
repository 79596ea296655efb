import { createClient, jsonOf } from '../oci/client.ts'

/** A descriptor in the answer to a referrers query. */
export interface Referrer {
  readonly digest: string
  readonly artifactType?: string
  readonly annotations?: Readonly<Record<string, string>>
}

/** What the server at `url` lists as referring to a manifest. */
export async function listReferrers(url: string, repository: string, digest: string): Promise<readonly Referrer[]> {
  const answer = await createClient(url).send('GET', `/v2/${repository}/referrers/${digest}`)
  return (jsonOf(answer) as { manifests: readonly Referrer[] }).manifests
}

/** The tags of a repository. */
export async function listTags(url: string, repository: string): Promise<readonly string[]> {
  return (jsonOf(await createClient(url).send('GET', `/v2/${repository}/tags/list`)) as { tags: readonly string[] }).tags
}
