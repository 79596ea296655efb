import { copyFileSync, mkdirSync, symlinkSync } from 'node:fs'
import { join } from 'node:path'
import { startServer, type Server } from './server.ts'
import { temporaryFolder } from './temporary-folder.ts'

/** Servers that are one registry: on one PostgreSQL, with one folder of objects. */
export interface SeveralProcesses {
  readonly servers: readonly Server[]
  /** Stops all of them and returns their exit codes. */
  stop(): Promise<number[]>
}

/**
 * Two servers. Each holds the lock of a data directory of its own; the objects in it are those of the first.
 * @param env names the PostgreSQL
 */
export async function startSeveralProcesses(env: Readonly<Record<string, string>>): Promise<SeveralProcesses> {
  const folder = temporaryFolder()
  const [first, second] = [join(folder.path, 'first'), join(folder.path, 'second')]
  const servers: Server[] = []
  const stop = async (): Promise<number[]> => {
    const codes = await Promise.all(servers.map((server) => server.stop()))
    folder.remove()
    return codes
  }
  try {
    servers.push(await startServer({ env, data: first }))
    mkdirSync(second)
    copyFileSync(join(first, 'installation'), join(second, 'installation'))
    for (const shared of ['blobs', 'uploads']) {
      mkdirSync(join(first, shared), { recursive: true })
      symlinkSync(join(first, shared), join(second, shared))
    }
    servers.push(await startServer({ env, data: second }))
    return Object.freeze({ servers, stop })
  } catch (error) {
    await stop()
    throw error
  }
}
