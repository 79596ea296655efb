import type { Image, Part } from './image.ts'

/** What of an image is remembered after it was pushed: enough to pull it and to delete it. */
export interface Pushed {
  readonly tag: string
  /** The manifest first, then its blobs. */
  readonly digests: readonly [string, ...string[]]
}

/** A registry as its clients see it. Every call rejects at a wrong status and at a wrong byte. */
export interface RegistryUnderTest {
  catalog(): Promise<void>
  /** @param streamed in one PATCH whose length is not announced, instead of one PUT */
  push(image: Image, streamed: boolean): Promise<Pushed>
  /** HEAD and GET by tag, then GET of every blob; all of it is hashed. */
  pull(pushed: Pushed): Promise<void>
  /** Deletes the manifest and the blobs. Answers the status that refused it, or undefined. */
  remove(pushed: Pushed): Promise<number | undefined>
}

const written = 256 * 1024
/** Of an answer that is an error, read and shown. */
const shownOfError = 200

type Ask = (method: string, url: string, status: number, init?: RequestInit) => Promise<Response>

/** @param origin `https://registry.example.com` */
export function registryAt(origin: string, repository: string, signal: AbortSignal): RegistryUnderTest {
  const base = `${origin}/v2/${repository}`
  const ask: Ask = async (method, url, status, init = {}) => {
    const answer = await fetch(url, { ...init, method, signal, redirect: 'follow' })
    if (answer.status === status) return answer
    throw new Error(`${method} ${new URL(url).pathname}: ${answer.status} instead of ${status}: ${await beginning(answer)}`)
  }
  return Object.freeze<RegistryUnderTest>({
    catalog: async () => {
      const list = (await (await ask('GET', `${origin}/v2/_catalog`, 200)).json()) as { readonly repositories?: unknown }
      if (!Array.isArray(list.repositories)) throw new Error('GET /v2/_catalog: no list of repositories')
    },
    push: async ({ tag, layer, config, manifest }, streamed) => {
      await pushBlob(ask, base, layer, streamed)
      await pushBlob(ask, base, config, false)
      const headers = { 'Content-Type': manifest.mediaType }
      expectDigest(await ask('PUT', `${base}/manifests/${tag}`, 201, { headers, body: manifest.bytes }), manifest.digest)
      return { tag, digests: [manifest.digest, config.digest, layer.digest] }
    },
    pull: async ({ tag, digests: [manifest, ...blobs] }) => {
      const accept = 'application/vnd.oci.image.manifest.v1+json'
      expectDigest(await ask('HEAD', `${base}/manifests/${tag}`, 200, { headers: { Accept: accept } }), manifest)
      await read(ask, `${base}/manifests/${tag}`, manifest, accept)
      for (const digest of blobs) await read(ask, `${base}/blobs/${digest}`, digest, '*/*')
    },
    remove: async (pushed) => await remove(base, pushed),
  })
}

async function pushBlob(ask: Ask, base: string, { digest, bytes }: Part, streamed: boolean): Promise<void> {
  const headers = { 'Content-Type': 'application/octet-stream' }
  let location = locationOf(await ask('POST', `${base}/blobs/uploads/`, 202))
  if (streamed) location = locationOf(await ask('PATCH', location.href, 202, { headers, body: streamOf(bytes) }))
  location.searchParams.set('digest', digest)
  // Without a body of its own, fetch would announce none: servers want Content-Length: 0.
  const body = streamed ? new Uint8Array(0) : bytes
  expectDigest(await ask('PUT', location.href, 201, { headers, body }), digest)
}

async function read(ask: Ask, url: string, digest: string, accept: string): Promise<void> {
  const answer = await ask('GET', url, 200, { headers: { Accept: accept } })
  const hasher = new Bun.CryptoHasher('sha256')
  for await (const piece of answer.body ?? []) hasher.update(piece)
  const came = `sha256:${hasher.digest('hex')}`
  if (came !== digest) throw new Error(`GET ${new URL(url).pathname}: bytes with the digest ${came} instead of ${digest}`)
}

/** Not with the signal that stops the run: what was pushed is deleted after it, too. */
async function remove(base: string, { digests: [manifest, ...blobs] }: Pushed): Promise<number | undefined> {
  const urls = [`${base}/manifests/${manifest}`, ...blobs.map((digest) => `${base}/blobs/${digest}`)]
  for (const url of urls) {
    const { status } = await fetch(url, { method: 'DELETE' })
    // 404: deleted with the manifest, or never pushed because the push broke off.
    if (status !== 202 && status !== 404) return status
  }
  return undefined
}

/** The specification lets the Location be relative. */
function locationOf(answer: Response): URL {
  const location = answer.headers.get('location')
  if (location === null) throw new Error('an upload without a Location')
  const url = new URL(location, answer.url)
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new Error(`an upload whose Location is ${url.protocol}`)
  return url
}

function expectDigest(answer: Response, digest: string): void {
  const named = answer.headers.get('docker-content-digest')
  if (named !== null && named !== digest) throw new Error(`acknowledged as ${named}, not ${digest}`)
}

function streamOf(bytes: Uint8Array): ReadableStream<Uint8Array> {
  let at = 0
  return new ReadableStream({
    pull: (controller) => {
      if (at >= bytes.byteLength) return controller.close()
      controller.enqueue(bytes.subarray(at, at + written))
      at += written
    },
  })
}

/** A registry that is none may answer with anything. */
async function beginning(answer: Response): Promise<string> {
  let text = ''
  const decoder = new TextDecoder()
  for await (const piece of answer.body ?? []) {
    text += decoder.decode(piece, { stream: true })
    if (text.length >= shownOfError) break
  }
  return JSON.stringify(text.slice(0, shownOfError))
}
