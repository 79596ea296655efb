import { digestBytes, mediaTypes, type Precondition } from '../../src/oci/index.ts'
import { expectStatus, type Answer, type Client } from '../rig/client.ts'
import type { Random } from '../rig/random.ts'
import type { TagAnswer, TagCall, TagOperation } from './linearizable.ts'

export const repository = 'tags/app'

/** What was done with one tag since it was last known for sure. */
export interface TagRecord {
  readonly name: string
  initial: string | undefined
  readonly operations: TagOperation[]
}

/** Asks one thing of a tag and writes down what came of it. An operation whose answer is lost is written down as it began. */
export async function ask(client: Client, record: TagRecord, call: TagCall, body: Uint8Array<ArrayBuffer> | undefined): Promise<TagAnswer> {
  const start = performance.now()
  const position = record.operations.push({ call, start, end: Infinity, answer: undefined }) - 1
  const answer = answerOf(call, await send(client, record.name, call, body))
  record.operations[position] = { call, start, end: performance.now(), answer }
  return answer
}

async function send(client: Client, tag: string, call: TagCall, body: Uint8Array<ArrayBuffer> | undefined): Promise<Answer> {
  const path = `/v2/${repository}/manifests/${tag}`
  if (call.kind === 'get') return expectStatus(await client.send('GET', path), 200, 404)
  const headers = conditionHeaders(call.precondition)
  if (call.kind === 'delete') return expectStatus(await client.send('DELETE', path, { headers }), 202, 404, 412)
  return expectStatus(await client.send('PUT', path, { body, headers: { ...headers, 'content-type': mediaTypes.ociIndex } }), 201, 412)
}

function conditionHeaders(precondition: Precondition | undefined): Record<string, string> {
  const text = (of: Precondition['match']): string | undefined => (of === 'any' ? '*' : of?.map((value) => `"${value}"`).join(', '))
  const [match, noneMatch] = [text(precondition?.match), text(precondition?.noneMatch)]
  return { ...(match === undefined ? {} : { 'if-match': match }), ...(noneMatch === undefined ? {} : { 'if-none-match': noneMatch }) }
}

function answerOf(call: TagCall, { status, bytes }: Answer): TagAnswer {
  if (status === 412) return 'refused'
  if (status === 404) return 'absent'
  return call.kind === 'get' ? { value: digestBytes(bytes, 'sha256') } : 'done'
}

/** A manifest that no other has the digest of. */
export function uniqueManifest(name: string): { readonly bytes: Uint8Array<ArrayBuffer>; readonly digest: string } {
  const document = { schemaVersion: 2, mediaType: mediaTypes.ociIndex, manifests: [], annotations: { name } }
  const bytes = new TextEncoder().encode(JSON.stringify(document))
  return { bytes, digest: digestBytes(bytes, 'sha256') }
}

/** One of everything that can be asked of a tag. `seen`: what this client last saw of it. */
export async function askSomething(client: Client, record: TagRecord, random: Random, name: string, seen: Map<string, string>): Promise<void> {
  const last = seen.get(record.name)
  const precondition = random.chance(0.5) ? conditionOf(random, last) : undefined
  if (random.chance(0.3)) return note(record, seen, await ask(client, record, { kind: 'get' }, undefined))
  if (random.chance(0.2)) return void (await ask(client, record, { kind: 'delete', precondition }, undefined))
  const { bytes, digest } = uniqueManifest(name)
  const answer = await ask(client, record, { kind: 'put', value: digest, precondition }, bytes)
  if (answer === 'done') seen.set(record.name, digest)
}

function note(record: TagRecord, seen: Map<string, string>, answer: TagAnswer): void {
  if (typeof answer === 'object') seen.set(record.name, answer.value)
}

function conditionOf(random: Random, last: string | undefined): Precondition {
  const kind = random.pick(['seen', 'seen', 'seen', 'absent', 'present', 'changed'])
  if (kind === 'absent' || last === undefined) return { match: undefined, noneMatch: 'any' }
  if (kind === 'present') return { match: 'any', noneMatch: undefined }
  return kind === 'seen' ? { match: [last], noneMatch: undefined } : { match: undefined, noneMatch: [last] }
}

/** All clients want to change the tag from what it is now; exactly one must. Answers how many did. */
export async function race(client: Client, record: TagRecord, clients: number, name: string): Promise<number> {
  const answer = await ask(client, record, { kind: 'get' }, undefined)
  const precondition: Precondition =
    typeof answer === 'object' ? { match: [answer.value], noneMatch: undefined } : { match: undefined, noneMatch: 'any' }
  const answers = await Promise.all(
    Array.from({ length: clients }, async (_, number) => {
      const { bytes, digest } = uniqueManifest(`${name}/${number}`)
      return await ask(client, record, { kind: 'put', value: digest, precondition }, bytes)
    }),
  )
  return answers.filter((one) => one === 'done').length
}
