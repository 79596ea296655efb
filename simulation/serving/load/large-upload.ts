// bun simulation/load/large-upload.ts PORT NUMBER MIB: pushes one blob as a stream, reads it back, and prints figures. A process of its own,
// so that its bytes do not keep those waiting who measure something else.
import { HttpConnection, largeBlob, type Request, uploadTarget } from '../../../bench/load/index.ts'

const [port, number, mebibytes] = process.argv.slice(2).map(Number)
if (port === undefined || number === undefined || mebibytes === undefined) throw new Error('PORT NUMBER MIB')

const MiB = 1024 ** 2
const pieceSize = 8 * MiB
const size = mebibytes * MiB
const repository = 'load/large'

/** The same 64 MiB again and again, from another offset for each number: a piece of it is never copied. */
const noise = largeBlob(number, 64 * MiB + pieceSize).pieces[1]
const pieces = Array.from({ length: Math.ceil(size / pieceSize) }, (_, index) => {
  const from = ((index * 7 + number) * MiB) % (64 * MiB)
  return noise.subarray(from, from + Math.min(pieceSize, size - index * pieceSize))
})
const hasher = new Bun.CryptoHasher('sha256')
for (const piece of pieces) {
  hasher.update(piece)
  // Nothing else is to wait for all of it.
  await Bun.sleep(0)
}
const digest = `sha256:${hasher.digest('hex')}`

const connection = await HttpConnection.open(port)
const ask = async (status: number, request: Request) => {
  const answer = await connection.request(request)
  if (answer.status !== status) throw new Error(`${request.method} ${request.target} answered ${answer.status} ${answer.body.toString()}`)
  return answer
}

const started = performance.now()
const begun = await ask(202, { method: 'POST', target: `/v2/${repository}/blobs/uploads/` })
const target = uploadTarget(begun.headers.get('location'))
const sent = await ask(202, { method: 'PATCH', target, headers: { 'Content-Type': 'application/octet-stream' }, body: pieces })
const uploaded = performance.now()
const finished = await ask(201, { method: 'PUT', target: uploadTarget(sent.headers.get('location'), digest) })
const acknowledged = performance.now()
if (finished.headers.get('docker-content-digest') !== digest) throw new Error('acknowledged under another digest')

const back = new Bun.CryptoHasher('sha256')
await ask(200, { method: 'GET', target: `/v2/${repository}/blobs/${digest}`, onBody: (piece) => void back.update(piece) })
const actual = `sha256:${back.digest('hex')}`
if (actual !== digest) throw new Error(`what was read back has the digest ${actual}, not ${digest}`)
connection.close()
console.log(
  JSON.stringify({
    mebibytes,
    uploadSeconds: Math.round(acknowledged - started) / 1000,
    mebibytesPerSecond: Math.round(mebibytes / ((acknowledged - started) / 1000)),
    finishSeconds: Math.round(acknowledged - uploaded) / 1000,
    readSeconds: Math.round(performance.now() - acknowledged) / 1000,
  }),
)
