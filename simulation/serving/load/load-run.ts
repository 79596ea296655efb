import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ServerProcess, startServer } from '../../rig/server-process.ts'
import { UseWatch } from './server-use.ts'

export interface LoadRun {
  /** Of the longest phase. */
  readonly seconds: number
  readonly seed: number
}

export interface LoadedServer {
  readonly server: ServerProcess
  readonly port: number
  readonly data: string
  /** Begins to look at what the server uses. */
  readonly watch: () => UseWatch
}

/** A server of its own for one run, as it comes but for these settings. Fails when it has logged an error, or does not end in order. */
export async function withServer<T>(settings: Readonly<Record<string, string>>, use: (loaded: LoadedServer) => Promise<T>): Promise<T> {
  const folder = await mkdtemp(join(tmpdir(), 'berth-load-'))
  const data = join(folder, 'data')
  const watches: UseWatch[] = []
  const server = await startServer({ data, settings })
  try {
    const watch = (): UseWatch => {
      const begun = new UseWatch(server.pid)
      watches.push(begun)
      return begun
    }
    const result = await use({ server, port: Number(new URL(server.url).port), data, watch })
    if (server.running) await server.stop()
    if (/"level":"(error|fatal)"/.test(server.output)) throw new Error(`the server logged an error: ${server.output}`)
    return result
  } finally {
    for (const watch of watches) watch.dispose()
    if (server.running) await server.kill()
    await rm(folder, { recursive: true })
  }
}
