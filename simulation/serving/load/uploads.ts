import { join } from 'node:path'
import { createShelf, phaseOf, pullPart, type Shelf } from './image-load.ts'
import { Latencies, type LatencyFigures } from './latencies.ts'
import { LoadClient, type PhaseFigures, Tally } from './load-client.ts'
import { type LoadRun, withServer } from './load-run.ts'

export interface UploadsRun extends LoadRun {
  readonly mebibytes: number
}

interface UploadFigures {
  readonly mebibytes: number
  readonly uploadSeconds: number
  readonly mebibytesPerSecond: number
  readonly finishSeconds: number
  readonly readSeconds: number
}

interface PullFigures extends PhaseFigures {
  readonly sinceDue: LatencyFigures
}

const uploads = 2
const pullsPerSecond = 1000
const pullers = 32

/** B13: small pulls at a fixed rate, alone and beside large uploads, all of whose bytes are read back and compared. */
export async function largeUploads({ seconds, seed, mebibytes }: UploadsRun) {
  return await withServer({}, async ({ port, watch }) => {
    const shelf = await createShelf(port, seed)
    await pullAtRate(port, shelf, phaseOf(seconds / 2).over)
    const alone = await pullAtRate(port, shelf, phaseOf(seconds).over)
    const use = watch()
    let done = false
    const sent = Promise.all(Array.from({ length: uploads }, (_, number) => upload(port, number, mebibytes))).finally(() => (done = true))
    const beside = await pullAtRate(port, shelf, () => done)
    return { uploads: await sent, alone, beside, use: use.end() }
  })
}

async function upload(port: number, number: number, mebibytes: number): Promise<UploadFigures> {
  const command = [process.execPath, join(import.meta.dir, 'large-upload.ts'), `${port}`, `${number}`, `${mebibytes}`]
  const child = Bun.spawn(command, { stdin: 'ignore', stdout: 'pipe', stderr: 'pipe' })
  const [output, errors, code] = await Promise.all([new Response(child.stdout).text(), new Response(child.stderr).text(), child.exited])
  if (code !== 0) throw new Error(`an upload failed: ${errors}`)
  return JSON.parse(output) as UploadFigures
}

/** Manifests and layers in turn. A pull that begins late, since those before it took long, counts from when it was due. */
async function pullAtRate(port: number, shelf: Shelf, over: () => boolean): Promise<PullFigures> {
  const tally = new Tally()
  const late = new Latencies()
  const started = performance.now()
  let next = 0
  const pull = async (): Promise<void> => {
    const client = await LoadClient.open(port)
    try {
      while (!over()) {
        const number = next++
        const due = started + (number * 1000) / pullsPerSecond
        if (due > performance.now()) await Bun.sleep(due - performance.now())
        await pullPart(client, { tally, over }, shelf, number % shelf.images.length, number % 2 === 0 ? 'manifest' : 'layer')
        late.add(performance.now() - due)
      }
    } finally {
      client.close()
    }
  }
  await Promise.all(Array.from({ length: pullers }, pull))
  return { ...tally.figures((performance.now() - started) / 1000), sinceDue: late.figures() }
}
