import pg from 'pg'
import { createConnection } from 'node:net'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

/** Secrets that must be found nowhere, and whatever was found in the places where they could be. */
export interface Canaries {
  /** @returns the secret itself */
  add(what: string, secret: string): string
  /** A new one that nobody has used yet. */
  make(what: string): string
  /** Remembers a text that somebody could read: an answer that refuses, a log. */
  said(where: string, text: string): void
  /** Every secret in every place, as `what in where`. */
  hits(): string[]
  readonly count: number
}

export function createCanaries(): Canaries {
  const secrets = new Map<string, string[]>()
  const places: [where: string, text: string][] = []
  const add = (what: string, secret: string): string => {
    secrets.set(what, forms(secret))
    return secret
  }
  return Object.freeze<Canaries>({
    add,
    make: (what) => add(what, `Canary 7 ${crypto.randomUUID()}`),
    said: (where, text) => void places.push([where, text]),
    hits: () => [...secrets].flatMap(([what, all]) => places.filter(([, text]) => all.some((form) => text.includes(form))).map(([where]) => `${what} in ${where}`)),
    get count() {
      return secrets.size
    },
  })
}

/** As it is, as an address writes it, and the middle of its base64 however many bytes stand before it. */
function forms(secret: string): string[] {
  const middles = ['', 'x', 'xx'].map((before) => Buffer.from(`${before}${secret}`).toString('base64').slice(4, -4))
  return [secret, encodeURIComponent(secret), encodeURIComponent(secret).replaceAll('%20', '+'), ...middles]
}

/** Every file of a folder, byte by byte. */
export function textsOf(folder: string): [name: string, text: string][] {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile())
  return files.map(({ parentPath, name }) => [join(parentPath, name).slice(folder.length), readFileSync(join(parentPath, name), 'latin1')])
}

/** Every row of every table of a PostgreSQL. */
export async function rowsOf(url: string): Promise<[table: string, text: string][]> {
  const client = new pg.Client({ connectionString: url })
  await client.connect()
  try {
    const { rows } = await client.query<{ name: string }>("select tablename as name from pg_tables where schemaname = 'public'")
    const texts: [string, string][] = []
    for (const { name } of rows) texts.push([name, JSON.stringify((await client.query(`select * from ${name}`)).rows)])
    return texts
  } finally {
    await client.end()
  }
}

/** Sends a request as it is and gives all of the answer, to which it says goodbye itself. */
export async function rawAnswer(url: string, head: string): Promise<string> {
  const { hostname, port } = new URL(url)
  const answer = Promise.withResolvers<string>()
  let text = ''
  const socket = createConnection({ host: hostname, port: Number(port) }, () => socket.write(head))
  socket.on('data', (bytes) => void (text += bytes.toString('latin1')))
  socket.on('close', () => answer.resolve(text))
  socket.on('error', answer.reject)
  return await answer.promise
}

/** Of the processes that this one has started: what everybody on the machine sees in a list of processes, and their environment. */
export function childrenOf(pid: number): string[] {
  const children = readdirSync(`/proc/${pid}/task`).flatMap((task) => {
    const text = readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8').trim()
    return text === '' ? [] : text.split(' ')
  })
  return children.map((child) => ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${child}/${file}`, 'latin1')).join('\n'))
}
