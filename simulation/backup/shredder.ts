import { expectStatus } from '../rig/client.ts'
import { bytesOf, createContent } from '../rig/content.ts'
import type { Load } from '../kill/load.ts'

/** Pushes blobs and deletes them at once, so that the collector always has files to delete. */
export async function shredOn({ client, seed }: Load): Promise<never> {
  const repository = 'shredder/app'
  for (let n = 0; ; n++) {
    const content = createContent(`shredded ${seed} ${n}`, 50_000)
    const headers = { 'content-type': 'application/octet-stream' }
    const path = `/v2/${repository}/blobs/uploads/?digest=${content.digest}`
    expectStatus(await client.send('POST', path, { body: bytesOf(content), headers }), 201)
    expectStatus(await client.send('DELETE', `/v2/${repository}/blobs/${content.digest}`), 202)
  }
}
