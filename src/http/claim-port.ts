import { listen as listenOn } from 'bun'

/** A port that is kept for listeners which share it. */
export interface PortClaim {
  readonly port: number
  /** Called once they listen, or have failed to. */
  release(): void
}

/**
 * Listeners that share a port would share it with any other program of the same user that shares it too, a second server started
 * by mistake for one, and each would get a part of the requests. So whoever wants to share a port has to have had it for itself
 * first. Fails as `listen` does when somebody has it. Between the end of that and the beginning of the sharing, another that
 * claims it as well is kept away by a name, which goes with the process.
 */
export function claimPort({ hostname, port }: { readonly hostname: string; readonly port: number }): PortClaim {
  // Any free port: no listener gets one that another has.
  if (port === 0) return { port, release: () => undefined }
  const name = holdName(hostname, port)
  try {
    const alone = Bun.serve({ hostname, port, reusePort: false, development: false, fetch: () => new Response(null, { status: 503 }) })
    void alone.stop(true)
    return Object.freeze<PortClaim>({ port, release: () => name?.stop(true) })
  } catch (error) {
    name?.stop(true)
    throw error
  }
}

/** An abstract socket of Linux: there for all who see the same ports, and no file. Elsewhere ports are not shared this way. */
function holdName(hostname: string, port: number) {
  if (process.platform !== 'linux') return undefined
  try {
    return listenOn({ unix: `\0berth/listen/${port}`, socket: { data: () => undefined } })
  } catch (error) {
    // Said as for the port itself: another server is starting on it.
    throw Object.assign(new Error(`Failed to start server. Is port ${port} in use?`, { cause: error }), { code: 'EADDRINUSE', syscall: 'listen', hostname })
  }
}
