import { bytesOf, type Content } from '../rig/content.ts'
import { Violation } from '../rig/client.ts'
import { isPassing, type Client, type Workload } from './workload.ts'
import { Lost, Refused } from './network.ts'

const ways = ['whole', 'put', 'stream', 'chunks'] as const

/** As docker does: ask, skip what is there, mount what another repository has, push the rest. */
export async function ensureBlob({ repositories }: Workload, client: Client, repository: string, content: Content): Promise<void> {
  await client.persist(`push ${content.name}`, async () => {
    if (await isThere(client, repository, content)) return
    if (client.random.chance(0.55) && (await mounted(client, repository, repositories, content))) return
    await pushBlob(client, repository, content)
  })
}

export async function isThere({ api }: Client, repository: string, { digest, size }: Content): Promise<boolean> {
  try {
    const found = await api.headBlob(repository, digest)
    if (found !== size) throw new Violation(`HEAD says that ${digest} has ${found} bytes, not ${size}`)
    return true
  } catch (error) {
    if (isUnknown(error)) return false
    throw error
  }
}

async function mounted(client: Client, repository: string, repositories: readonly string[], content: Content): Promise<boolean> {
  const from = await sourceOf(client, repositories.filter((other) => other !== repository), content)
  if (from === undefined) return false
  try {
    await client.api.mount(repository, content.digest, from)
    return true
  } catch (error) {
    if (isUnknown(error)) return false
    throw error
  }
}

/** Whoever mounts has seen it there, mostly a while ago. */
async function sourceOf(client: Client, others: readonly string[], content: Content): Promise<string | undefined> {
  if (client.random.chance(0.2)) return client.random.pick(others)
  for (const other of others) {
    if (!(await isThere(client, other, content))) continue
    for (let pauses = client.random.pick([1, 1, 4]); pauses > 0; pauses--) await client.pause('long')
    return other
  }
  return undefined
}

/** A mount that finds nothing, like a HEAD. */
export function isUnknown(error: unknown): boolean {
  return error instanceof Refused && ['BLOB_UNKNOWN', 'MANIFEST_UNKNOWN', 'NAME_UNKNOWN'].includes(error.code)
}

export async function pushBlob(client: Client, repository: string, content: Content): Promise<void> {
  const { api, random } = client
  const bytes = bytesOf(content)
  const pieces = random.pick([1, 3, 9])
  const way = random.pick(ways)
  if (way === 'whole') return await api.whole(repository, content.digest, { bytes, pieces })
  const upload = await api.begin(repository)
  const session = { repository, upload, content, bytes, pieces }
  if (way === 'stream') await orGoOn(client, session, () => api.append(repository, upload, { bytes, pieces }))
  if (way === 'chunks') await sendChunks(client, session, 0, random.between(1, 4))
  if (random.chance(0.3)) await client.pause('long')
  await finish(client, session)
}

interface Session {
  readonly repository: string
  readonly upload: string
  readonly content: Content
  readonly bytes: Uint8Array
  readonly pieces: number
}

async function sendChunks(client: Client, session: Session, from: number, most: number): Promise<void> {
  const { repository, upload, bytes, pieces } = session
  const size = Math.ceil(bytes.length / 4)
  let offset = from
  for (let chunk = 0; chunk < most && offset < bytes.length; chunk++) {
    const part = bytes.subarray(offset, offset + size)
    offset = await orGoOn(client, session, () => client.api.append(repository, upload, { bytes: part, first: offset, pieces }))
  }
}

/** After a failure the session's status says how far it came. */
async function orGoOn({ api }: Client, { repository, upload }: Session, work: () => Promise<number>): Promise<number> {
  try {
    return await work()
  } catch (error) {
    if (!isPassing(error)) throw error
    return await api.status(repository, upload)
  }
}

/** Sends what is missing with the closing PUT; a lost answer makes it come again. */
async function finish(client: Client, session: Session): Promise<void> {
  const { repository, upload, content, bytes, pieces } = session
  const { api, random } = client
  const offset = await api.status(repository, upload)
  const rest = bytes.subarray(offset)
  const body = rest.length === 0 ? undefined : { bytes: rest, first: offset, pieces }
  try {
    await api.finish(repository, upload, content.digest, body)
  } catch (error) {
    if (!(error instanceof Lost) || random.chance(0.3)) throw error
    await api.finish(repository, upload, content.digest, body)
  }
}
