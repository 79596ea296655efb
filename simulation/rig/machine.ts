import type { ServerOptions, ServerProcess } from './server-process.ts'

/** What a server under test runs on, and what a crash is there. */
export interface Machine {
  /** What starts a server on it. */
  readonly server: Omit<ServerOptions, 'settings'>
  /** Where this process finds the data directory. */
  readonly dataFromHere: string
  /** Whether a crash leaves what was written and not synced. */
  readonly keepsUnsynced: boolean
  /** Ends the server without warning. Then the disk is as the next server finds it. */
  crash(server: ServerProcess): Promise<void>
}

/** This machine, where a crash is kill -9: the page cache survives it. `launcher`: another program than this checkout's. */
export function createProcessMachine(data: string, launcher?: string): Machine {
  return Object.freeze<Machine>({
    server: { data, ...(launcher === undefined ? {} : { launcher }) },
    dataFromHere: data,
    keepsUnsynced: true,
    crash: (server) => server.kill(),
  })
}
