import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { accountById, type AccountRow } from '../accounts/account-store.ts'
import { acceptIdentity } from './accepted-identity.ts'
import type { IdentitySource, SourceAnswer } from './identity-source.ts'
import { admitIdentity } from './identity-transactions.ts'

/** Logins of accounts that live elsewhere. */
export interface SourceLogin {
  /** Asks one source after the other. `busy`: one of them did not answer, and none of the others knows the user. */
  login(user: string, password: string): Promise<AccountRow | 'wrong' | 'busy'>
}

export interface SourceLoginDeps {
  readonly database: Database
  readonly clock: Clock
  readonly sources: readonly IdentitySource[]
  /** Told what a source did wrong; `reason` never holds a password. */
  readonly onFault: (source: string, reason: string, error?: unknown) => void
}

/** A source has so long to answer, in ms. */
const answersWithin = 5_000
/** So many logins wait for one source. When it hangs, further ones are not sent to it. */
const mostAtOnce = 64

export function createSourceLogin({ database, clock, sources, onFault }: SourceLoginDeps): SourceLogin {
  const asked = sources.map((source) => ({ source, ask: askInTime(source, clock, onFault) }))

  async function admit(source: IdentitySource, user: string, answer: SourceAnswer): Promise<AccountRow | 'wrong' | 'unknown'> {
    const accepted = acceptIdentity(source.name, user, answer)
    if ('refused' in accepted) return accepted.refused
    if ('fault' in accepted) {
      onFault(source.name, accepted.fault)
      return 'unknown'
    }
    const outcome = await database.transact(admitIdentity, accepted.identity)
    if ('ok' in outcome) return (await database.one(accountById, outcome.ok.id)) ?? 'wrong'
    if (outcome.refused === 'EXISTS') onFault(source.name, `named an account that is not its own: ${accepted.identity.name}`)
    return 'wrong'
  }

  return Object.freeze<SourceLogin>({
    login: async (user, password) => {
      let silent = false
      for (const { source, ask } of asked) {
        const answer = await ask(user, password)
        const found = answer === 'silent' ? 'unknown' : await admit(source, user, answer)
        silent ||= answer === 'silent'
        if (found !== 'unknown') return found
      }
      return silent ? 'busy' : 'wrong'
    },
  })
}

type Ask = (user: string, password: string) => Promise<SourceAnswer | 'silent'>

/** What the source says in time. Nothing it does, or fails to do, keeps the caller longer. */
function askInTime(source: IdentitySource, clock: Clock, onFault: SourceLoginDeps['onFault']): Ask {
  let running = 0
  return async (user, password) => {
    if (running >= mostAtOnce) return 'silent'
    running++
    const [late, answered] = [new AbortController(), new AbortController()]
    const limit = clock.sleep(answersWithin, answered.signal).then(() => 'late' as const)
    // Aborted where the source was faster.
    limit.catch(() => undefined)
    try {
      const answer = await Promise.race([Promise.try(() => source.authenticate(user, password, late.signal)), limit])
      if (answer !== 'late') return answer
      onFault(source.name, 'did not answer in time')
    } catch (error) {
      onFault(source.name, 'failed', error)
    } finally {
      running--
      answered.abort()
      late.abort()
    }
    return 'silent'
  }
}
