// bun bare-server.ts PORT FOLDER: takes blobs as a registry does, hashes and syncs them, and gives them back. It decides nothing and keeps no
// account of what it has, so that nothing but the bytes costs anything: what a registry on this runtime cannot be better than.
import { fsync, open, renameSync, writev } from 'node:fs'
import { promisify } from 'node:util'

interface Upload {
  readonly fd: number
  readonly hasher: Bun.CryptoHasher
  offset: number
}

const [port, folder = '.'] = process.argv.slice(2)
const disk = { open: promisify(open), sync: promisify(fsync), write: promisify(writev) }
const uploads = new Map<string, Upload>()
const written = 1024 * 1024
let begun = 0

Bun.serve({
  hostname: '127.0.0.1',
  port: Number(port),
  development: false,
  maxRequestBodySize: Number.MAX_SAFE_INTEGER,
  fetch: async (request) => {
    const { pathname, searchParams } = new URL(request.url)
    const name = pathname.split('/').at(-1) ?? ''
    switch (request.method) {
      case 'POST':
        return await begin(pathname)
      case 'PATCH':
        await take(upload(name), request)
        return new Response(null, { status: 202, headers: { Location: pathname, Range: `0-${upload(name).offset - 1}` } })
      case 'PUT':
        return await finish(name, searchParams.get('digest') ?? '', request)
      default:
        return new Response(name === 'ready' ? 'ready' : Bun.file(`${folder}/${name}`))
    }
  },
})

async function begin(pathname: string): Promise<Response> {
  const id = `${begun++}`
  uploads.set(id, { fd: await disk.open(`${folder}/upload-${id}`, 'wx'), hasher: new Bun.CryptoHasher('sha256'), offset: 0 })
  return new Response(null, { status: 202, headers: { Location: `${pathname}${pathname.endsWith('/') ? '' : '/'}${id}` } })
}

function upload(id: string): Upload {
  const found = uploads.get(id)
  if (found === undefined) throw new Error(`no upload ${id}`)
  return found
}

/** Writes while the next bytes come in. */
async function take(to: Upload, { body }: Request): Promise<void> {
  if (body === null) return
  let held: Uint8Array[] = []
  let size = 0
  const flush = async (): Promise<void> => {
    const { bytesWritten } = await disk.write(to.fd, held, to.offset)
    if (bytesWritten !== size) throw new Error(`${bytesWritten} of ${size} bytes were written`)
    to.offset += size
    held = []
    size = 0
  }
  for await (const chunk of body) {
    held.push(chunk)
    size += chunk.length
    to.hasher.update(chunk)
    if (size >= written) await flush()
  }
  if (size > 0) await flush()
}

async function finish(id: string, digest: string, request: Request): Promise<Response> {
  const to = upload(id)
  await take(to, request)
  if (digest !== `sha256:${to.hasher.digest('hex')}`) return new Response('another digest', { status: 400 })
  await disk.sync(to.fd)
  renameSync(`${folder}/upload-${id}`, `${folder}/${digest}`)
  return new Response(null, { status: 201, headers: { 'Docker-Content-Digest': digest, Location: `/v2/bare/blobs/${digest}` } })
}
