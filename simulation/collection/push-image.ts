import { type Answer, type Client, expectStatus, Lost, Violation } from '../rig/client.ts'
import { bytesOf, type Content } from '../rig/content.ts'
import { closingPath, pushBlob, type PushWay, type SessionWatch } from '../rig/push-blob.ts'
import type { Random } from '../rig/random.ts'
import type { Tally } from './figures.ts'
import type { Image } from './image.ts'

export interface PushContext {
  readonly client: Client
  readonly random: Random
  readonly tally: Tally
  /** Where a mount may be asked for. */
  readonly repositories: readonly string[]
  /** Ms for which the server keeps what HEAD or a 201 said to be there: half of gc.lease. */
  readonly promised: number
  /** How often a server has crashed. */
  readonly crashes: () => number
}

/** What was said to be there was taken before the time that was promised for it. */
class BrokenPromise extends Violation {}

const retryPause = 1_000
/** Anything else with a 5 is a mistake of the server's, whatever comes of it. */
const unheardOf = / answered 5(?!03)\d\d/

/**
 * Pushes an image as docker does: HEAD for each blob, a mount or an upload for what is not there, then the manifest. A failure counts
 * for nothing when the same steps, taken once more, end well, which is what docker's retry does. Fails with Violation when they do not,
 * and at once for what must not happen at all.
 */
export async function pushImage(context: PushContext, image: Image): Promise<void> {
  let first: Error | undefined
  for (;;) {
    const crashes = context.crashes()
    try {
      await takeSteps(context, image)
      break
    } catch (error) {
      if (!isCurable(error)) throw error
      // A crash meanwhile excuses everything that can be mended.
      if (context.crashes() !== crashes) continue
      if (first !== undefined) throw new Violation(`a second run did not help after this: ${first.message}\nit ended with ${error.message}`)
      first = error
      await Bun.sleep(retryPause)
    }
  }
  image.state = 'live'
  if (first === undefined) return
  const { cured } = context.tally
  const what = /answered (.{0,80})|no answer/.exec(first.message)?.[0].replace(/sha256:[0-9a-f]+/g, '<digest>') ?? first.message
  cured[what] = (cured[what] ?? 0) + 1
}

function isCurable(error: unknown): error is Error {
  if (error instanceof Lost) return true
  return error instanceof Violation && !(error instanceof BrokenPromise) && !unheardOf.test(error.message)
}

async function takeSteps(context: PushContext, image: Image): Promise<void> {
  const { client, tally } = context
  const { repository, config, layers, manifest, tag } = image
  const began = performance.now()
  for (const content of [...layers, config]) await bring(context, repository, content)
  const asked = performance.now()
  const headers = { 'content-type': manifest.mediaType }
  const answer = await client.send('PUT', `/v2/${repository}/manifests/${tag ?? manifest.digest}`, { body: manifest.bytes, headers })
  const now = performance.now()
  if (answer.status === 404 || answer.status === 400) heedPromise(answer, now - began, context.promised)
  expectStatus(answer, 201)
  tally.counts.pushes++
  tally.took.manifest.add(now - asked)
  tally.took.image.add(now - began)
}

/** Each of its blobs was said to be there after the push began. */
function heedPromise({ request, bytes }: Answer, after: number, promised: number): void {
  if (after >= promised) return
  const said = new TextDecoder().decode(bytes.subarray(0, 500))
  throw new BrokenPromise(`${request} was refused ${Math.round(after)} ms after the first of its blobs was said to be there: ${said}`)
}

/** Resolves when the repository has said that it has the blob. */
async function bring(context: PushContext, repository: string, content: Content): Promise<void> {
  const { client, random, tally, repositories } = context
  const head = expectStatus(await client.send('HEAD', `/v2/${repository}/blobs/${content.digest}`), 200, 404)
  if (head.status === 200) return void tally.counts.skips++
  // Layers of one image alone are in one repository alone, as a rule: then the source has nothing, and the answer is a session.
  if (random.chance(0.4)) return await mount(context, repository, content, random.pick(repositories))
  await upload(context, repository, content, random.pick(['single', 'put', 'stream', 'chunks']))
}

async function mount(context: PushContext, repository: string, content: Content, from: string): Promise<void> {
  const { client, tally } = context
  const path = `/v2/${repository}/blobs/uploads/?mount=${content.digest}&from=${encodeURIComponent(from)}`
  const began = performance.now()
  const answer = expectStatus(await client.send('POST', path), 201, 202)
  if (answer.status === 201) return void tally.counts.mounts++
  tally.counts.mountsRefused++
  const location = answer.headers.get('location') ?? ''
  expectStatus(await client.send('PUT', closingPath(location, content), { body: bytesOf(content) }), 201)
  tally.took.blob.add(performance.now() - began)
  tally.counts.blobs++
}

/** `leave` stops before the end. */
export async function upload(context: PushContext, repository: string, content: Content, way: PushWay): Promise<void> {
  const { client, random, tally } = context
  const began = performance.now()
  await pushBlob(client, { repository, content, way, pieces: random.between(1, 3), watch: nobody })
  if (way === 'leave') return
  tally.took.blob.add(performance.now() - began)
  tally.counts.blobs++
}

const nobody: SessionWatch = { opened: () => {}, sending: () => {}, acknowledged: () => {}, closing: () => {}, closed: () => {} }
