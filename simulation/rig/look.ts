import { digestBytes } from '../../src/oci/index.ts'
import { type Client, expectStatus, Violation } from './client.ts'
import type { Item } from './ledger.ts'

/** Asks for an item and checks all of the answer. Fails with Violation when it is neither the item nor a 404. */
export async function look(client: Client, item: Item): Promise<'present' | 'absent'> {
  const answer = expectStatus(await client.send('GET', pathOf(item)), 200, 404)
  if (answer.status === 404) return 'absent'
  const said = answer.headers.get('docker-content-digest')
  const actual = digestBytes(answer.bytes, 'sha256')
  if (actual === item.digest && said === item.digest) return 'present'
  const { length } = answer.bytes
  throw new Violation(`${answer.request} gave ${length} bytes with the digest ${actual}, called ${said}: not ${item.digest}`)
}

export function pathOf(item: Item): string {
  const kind = item.kind === 'blob' ? 'blobs' : 'manifests'
  return `/v2/${item.repository}/${kind}/${item.kind === 'tag' ? item.tag : item.digest}`
}
