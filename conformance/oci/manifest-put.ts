import { expect } from 'bun:test'
import { digestOf } from '../digest.ts'
import type { Answer, SendOptions } from './answer.ts'
import { jsonOf, type Client } from './client.ts'
import { createBuilder } from './data-sets.ts'

/** Puts a manifest with a Content-Type, or without one. */
export function put(
  client: Client,
  repository: string,
  reference: string,
  body: SendOptions['body'],
  type?: string,
): Promise<Answer> {
  const headers: Record<string, string> = type === undefined ? {} : { 'content-type': type }
  return client.send('PUT', `/v2/${repository}/manifests/${reference}`, { headers, body })
}

/** An image whose blobs are pushed, as text. */
export async function pushedImage(client: Client, repository: string, further: Record<string, unknown> = {}): Promise<string> {
  const builder = createBuilder()
  builder.image(further)
  for (const blob of builder.set.blobs) await client.pushBlob(repository, blob)
  return builder.set.manifests[0]?.text ?? ''
}

/** Expects that a refused manifest is nowhere. */
export async function expectNothing(client: Client, repository: string, text: string): Promise<void> {
  for (const reference of ['refused', digestOf(text), digestOf(text, 'sha512')]) {
    expect((await client.send('GET', `/v2/${repository}/manifests/${reference}`)).status).toBe(404)
  }
  const tags = await client.send('GET', `/v2/${repository}/tags/list`)
  if (tags.status === 404) return
  if (client.holdsTo('berth')) expect(jsonOf(tags)).toEqual({ name: repository, tags: [] })
  else expect((jsonOf(tags) as { tags: string[] | null }).tags ?? []).toEqual([])
}
