// bun simulation/access/isolation-timing.ts: that no answer, and no time, tells which blobs another tenant has (bar B22).
import { type Content, contentOf, pushBlob } from './v2-cases.ts'
import { type Ask, World } from './world.ts'

/** Of each kind, for each way to ask. */
const samples = 2_000
const mine = '/v2/elsewhere/app'

type Way = (digest: string) => Ask

/** By the way of asking: how the first one was answered. */
const answers = new Map<string, string>()

const fresh = (): Content => contentOf(crypto.getRandomValues(new Uint8Array(64)))
const world = await World.create()
try {
  const secret = await world.project('private')
  const known = await hold(`${secret}/app`)
  const own = await hold('elsewhere/app', 1)
  const ways: Readonly<Record<string, Way>> = {
    GET: (digest) => ({ method: 'GET', path: `${mine}/blobs/${digest}` }),
    HEAD: (digest) => ({ method: 'HEAD', path: `${mine}/blobs/${digest}` }),
    'GET there': (digest) => ({ method: 'GET', path: `/v2/${secret}/app/blobs/${digest}` }),
    'mount from there': (digest) => ({ method: 'POST', path: `${mine}/blobs/uploads/?mount=${digest}&from=${secret}/app` }),
    'mount from anywhere': (digest) => ({ method: 'POST', path: `${mine}/blobs/uploads/?mount=${digest}` }),
    'upload of other bytes': (digest) => ({ method: 'POST', path: `${mine}/blobs/uploads/?digest=${digest}`, body: new Uint8Array(64) }),
  }
  console.log(`${samples} requests of each kind; medians in µs, each time for digests that another tenant has, and that nobody has`)
  for (const [name, way] of Object.entries(ways)) {
    const unknown = Array.from({ length: samples }, () => fresh().digest)
    report(`${name}, each digest once`, await compare(way, known.map(({ digest }) => digest), unknown))
    report(`${name}, one digest again and again`, await compare(way, repeated(known), repeated([fresh()])))
  }
  const get = ways['GET'] as Way
  report('control: nobody has either', await compare(get, repeated([fresh()]), repeated([fresh()])))
  report('control: one that the caller has', await compare(get, repeated(own), repeated([fresh()]), false))
  await compareUploads(known)
} finally {
  await world.dispose()
}

async function hold(repository: string, count = samples): Promise<Content[]> {
  const blobs = Array.from({ length: count }, fresh)
  for (const blob of blobs) await pushBlob(world, world.credentialOf('admin', ''), repository, blob)
  return blobs
}

function repeated([first]: readonly Content[]): string[] {
  return Array.from({ length: samples }, () => first?.digest ?? '')
}

/** In turns, so that whatever else the machine does meets both alike. */
async function compare(way: Way, known: readonly string[], unknown: readonly string[], same = true): Promise<[number, number]> {
  const times: [number[], number[]] = [[], []]
  for (let at = 0; at < 2 * samples; at++) {
    const kind = at % 4 === 0 || at % 4 === 3 ? 0 : 1
    const digest = (kind === 0 ? known : unknown)[at >> 1] ?? ''
    const asked = way(digest)
    const began = performance.now()
    const answer = await world.send(world.credentialOf('other', ''), asked)
    const text = await answer.text()
    times[kind].push((performance.now() - began) * 1000)
    if (same) expectSame(asked, `${answer.status} ${shown(answer)} ${text}`.replaceAll(digest, 'DIGEST'))
  }
  return [median(times[0]), median(times[1])]
}

function expectSame({ method, path }: Ask, answer: string): void {
  const key = `${method} ${path.replaceAll(/sha256:[0-9a-f]+/g, 'DIGEST')}`
  const first = answers.get(key) ?? answer
  answers.set(key, first)
  if (first !== answer) throw new Error(`${key} is answered in two ways:\n${first}\n${answer}`)
}

/** Without what names the one request. */
function shown({ headers }: Response): string {
  const named = [...headers].filter(([name]) => !['date', 'x-request-id', 'location', 'docker-upload-uuid'].includes(name))
  return JSON.stringify(named.map(([name, value]) => `${name}: ${value}`).sort())
}

/** Whoever has all the bytes of a blob and sends them: the answers are the same, and the bytes are the sender's own. */
async function compareUploads(known: readonly Content[]): Promise<void> {
  const unknown = Array.from({ length: samples }, fresh)
  answers.clear()
  const bodies = new Map([...known, ...unknown].map(({ digest, bytes }) => [digest, bytes]))
  const way: Way = (digest) => ({ method: 'POST', path: `${mine}/blobs/uploads/?digest=${digest}`, body: bodies.get(digest) })
  report('upload of the bytes themselves', await compare(way, known.map(({ digest }) => digest), unknown.map(({ digest }) => digest)))
}

function report(name: string, [known, unknown]: readonly [number, number]): void {
  console.log(`${name}: ${known.toFixed(1)} and ${unknown.toFixed(1)}, ${(known - unknown).toFixed(1)} apart`)
}

function median(of: readonly number[]): number {
  return of.toSorted((a, b) => a - b)[of.length >> 1] ?? NaN
}
