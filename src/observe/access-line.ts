/** What the log says about one request. */
export interface AccessEntry {
  /** Wall time of the answer, milliseconds since the epoch. */
  readonly time: number
  /** Id of the request, made by us. */
  readonly id: string
  /** The id that a trusted proxy gave it; needs no escape in JSON. */
  readonly proxyId: string | undefined
  readonly method: string
  /** Path without the query, which may hold what must not be logged. */
  readonly path: string
  readonly status: number
  /** Bytes of the answer's body; 0 where there is none. */
  readonly bytes: number
  /** Milliseconds from the request's head to the answer's head. */
  readonly duration: number
  readonly address: string
  readonly agent: string | null
  /** Who asked; absent for an anonymous caller. */
  readonly identity: string | undefined
  /** Code of the error answered with; absent on success. */
  readonly code: string | undefined
}

/** A longer user agent is cut: a client may send 16 KB of it with every request. */
const longestAgent = 256
const longestPath = 1024

/**
 * One line of JSON. Written by hand, since it is written for every request: all members are known, so only the four
 * that a client chooses are escaped. The keys and their order are those of all other lines.
 */
export function accessLine(entry: AccessEntry): string {
  const { proxyId, agent, identity, code } = entry
  return (
    `{"level":"info","time":"${isoTime(entry.time)}","msg":"request","id":"${entry.id}"` +
    (proxyId === undefined ? '' : `,"proxyId":"${proxyId}"`) +
    `,"method":${quote(entry.method)},"path":${quote(cut(entry.path, longestPath))},"status":${entry.status},"bytes":${entry.bytes}` +
    `,"duration":${Math.round(entry.duration * 1000) / 1000},"address":"${entry.address}"` +
    (agent === null ? '' : `,"agent":${quote(cut(agent, longestAgent))}`) +
    (identity === undefined ? '' : `,"identity":${quote(identity)}`) +
    (code === undefined ? '' : `,"code":"${code}"`) +
    '}\n'
  )
}

function cut(text: string, limit: number): string {
  return text.length <= limit ? text : text.slice(0, limit)
}

/**
 * What JSON leaves alone although a terminal or a log viewer would act on it: DEL and the C1 controls (0x9b begins an escape
 * sequence as ESC [ does), line separators, and the marks that reverse the direction of writing. Clients choose this text.
 */
const hazards = /[\x7f-\x9f\u2028\u2029\u200e\u200f\u202a-\u202e\u2066-\u2069]/g

/** What nearly every path and user agent is made of, and what stands for itself in JSON. */
const plain = /^[\x20\x21\x23-\x5b\x5d-\x7e]*$/

/** A JSON string that is safe to look at. */
function quote(text: string): string {
  return plain.test(text) ? `"${text}"` : neutralize(JSON.stringify(text))
}

/** Replaces hazards in text that is JSON already. Only inside its strings can there be any. */
export function neutralize(json: string): string {
  return json.replace(hazards, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

let lastTime = Number.NaN
let lastText = ''

/** Several requests end in each millisecond: the text of the last one is kept. */
export function isoTime(time: number): string {
  if (time !== lastTime) {
    lastTime = time
    lastText = new Date(time).toISOString()
  }
  return lastText
}
