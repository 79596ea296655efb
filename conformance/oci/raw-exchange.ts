import { connect, type Socket } from 'node:net'
import { NotApplicable } from '../checks/check.ts'
import type { Client } from './client.ts'

/** Milliseconds after which an answer is taken for missing. */
const patience = 30_000

/** A connection on which bytes go out as they are. */
export interface RawConnection {
  write(bytes: string | Uint8Array): void
  /** All that came, once `enough` is in it or the server has closed. */
  answer(enough?: RegExp): Promise<string>
  /** Ends it without a word, as a crash or a lost network does. */
  reset(): void
}

export async function openRaw(url: string): Promise<RawConnection> {
  const { hostname, port } = new URL(url)
  const socket = connect({ host: hostname, port: Number(port) })
  let text = ''
  let ended = false
  const waiting = new Set<() => void>()
  const wake = () => waiting.forEach((look) => look())
  socket.on('data', (bytes) => {
    text += bytes.toString('latin1')
    wake()
  })
  const end = () => {
    ended = true
    wake()
  }
  socket.on('close', end).on('error', end)
  await connected(socket)
  return Object.freeze({
    write: (bytes: string | Uint8Array) => void socket.write(bytes),
    reset: () => void socket.resetAndDestroy(),
    answer: (enough?: RegExp) =>
      new Promise<string>((resolve, reject) => {
        const timer = setTimeout(() => reject(new Error(`no end of the answer came: ${text}`)), patience)
        const look = () => {
          if (!ended && enough?.test(text) !== true) return
          clearTimeout(timer)
          waiting.delete(look)
          resolve(text)
        }
        waiting.add(look)
        look()
      }),
  })
}

function connected(socket: Socket): Promise<void> {
  return new Promise((resolve, reject) => {
    socket.once('connect', () => resolve())
    socket.once('error', reject)
  })
}

/**
 * Where to connect to a registry under check, with bytes that go out as they are.
 * @throws NotApplicable when they would have to be encrypted or to log in
 */
export function rawUrl({ url, login }: Client): string {
  if (login) throw new NotApplicable('bytes that go out as they are do not log in')
  if (!url.startsWith('http://')) throw new NotApplicable('bytes that go out as they are are not encrypted')
  return url
}

export async function openRawTo(client: Client): Promise<RawConnection> {
  return await openRaw(rawUrl(client))
}

/** Sends one request as it is and returns the whole answer. The request must ask for the connection to be closed. */
export async function exchange(client: Client, request: string | Uint8Array): Promise<string> {
  const connection = await openRawTo(client)
  connection.write(request)
  try {
    return await connection.answer()
  } finally {
    connection.reset()
  }
}
