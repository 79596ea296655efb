import type { Ledger, Session } from './ledger.ts'
import type { SessionWatch } from './push-blob.ts'

/** Notes how far a session is: it is in the ledger from its beginning to its end, to be taken up when its push stops. */
export function watchSession({ sessions }: Ledger, session: Session): SessionWatch {
  const change = (values: Partial<Session>): void => void Object.assign(session, values)
  return {
    opened: (location) => {
      change({ location })
      sessions.add(session)
    },
    sending: (sent) => change({ sent }),
    acknowledged: (acknowledged) => change({ acknowledged }),
    closing: () => change({ sent: session.content.size, closing: true }),
    closed: () => void sessions.delete(session),
  }
}
