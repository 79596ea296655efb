import { type Manner, openRegistryClient, type RegistryClient } from './registry-client.ts'

/** What clients did: how many requests, how long one took in milliseconds, and what the clients cost themselves. */
export interface Work {
  readonly done: number
  readonly seconds: number
  readonly p50: number
  readonly p99: number
  readonly clientSeconds: number
}

/** Clients that work at the same time, each over a connection of its own. */
export interface Crew {
  /** One of them, for what is done before and after. */
  readonly first: RegistryClient
  /** Each does one thing after the other until the time is over. */
  work(seconds: number, one: (client: RegistryClient) => Promise<void>): Promise<Work>
  /** They do so many things between them, each once. */
  share(count: number, one: (client: RegistryClient, index: number) => Promise<void>): Promise<Work>
  readonly close: () => void
}

/** Seconds after the end at which a server that still owes an answer is given up. */
const patience = 15

export async function openCrew(port: number, size: number, manner: Manner = {}): Promise<Crew> {
  const first = await openRegistryClient(port, manner)
  const clients = [first, ...(await Promise.all(Array.from({ length: size - 1 }, () => openRegistryClient(port, manner))))]
  const close = (): void => clients.forEach((client) => client.close())

  return Object.freeze<Crew>({
    first,
    work: async (seconds, one) => {
      const end = performance.now() + seconds * 1000
      const late = setTimeout(close, (seconds + patience) * 1000)
      return await together(clients, () => performance.now() < end, one, close).finally(() => clearTimeout(late))
    },
    share: async (count, one) => {
      let taken = 0
      return await together(clients, () => taken < count, async (client) => await one(client, taken++), close)
    },
    close,
  })
}

/** A crew for one piece of work: servers hang up on connections that were idle before it, some after five seconds. */
export async function withCrew<T>(port: number, size: number, use: (crew: Crew) => Promise<T>, manner: Manner = {}): Promise<T> {
  const crew = await openCrew(port, size, manner)
  try {
    return await use(crew)
  } finally {
    crew.close()
  }
}

/** The same of any other kind of client, until the time is over. */
export async function workTogether(count: number, seconds: number, one: () => Promise<void>): Promise<Work> {
  const end = performance.now() + seconds * 1000
  return await together(Array<undefined>(count).fill(undefined), () => performance.now() < end, one, () => {})
}

async function together<Client>(
  clients: readonly Client[],
  may: () => boolean,
  one: (client: Client) => Promise<void>,
  close: () => void,
): Promise<Work> {
  const [start, cpu] = [performance.now(), process.cpuUsage()]
  const latencies: number[] = []
  let failed = false
  const go = async (client: Client): Promise<void> => {
    while (may() && !failed) {
      const before = performance.now()
      await one(client)
      latencies.push(performance.now() - before)
    }
  }
  // The first that fails ends the others with it: nothing of a void run goes on into the next.
  await Promise.all(clients.map(go)).catch((error: unknown) => {
    failed = true
    close()
    throw error
  })
  const { user, system } = process.cpuUsage(cpu)
  return { ...summary(latencies), seconds: (performance.now() - start) / 1000, clientSeconds: (user + system) / 1e6 }
}

function summary(latencies: readonly number[]): Pick<Work, 'done' | 'p50' | 'p99'> {
  const sorted = latencies.toSorted((a, b) => a - b)
  const at = (part: number): number => sorted[Math.floor((sorted.length - 1) * part)] ?? Number.NaN
  return { done: sorted.length, p50: at(0.5), p99: at(0.99) }
}
