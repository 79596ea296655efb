import type { Database } from '../../database/index.ts'
import { andThen, type Clock, type Soon } from '../../lib/index.ts'
import { groupsOfAccount } from '../accounts/account-store.ts'
import { principalOfAccount, principalOfRobot, principalOfToken } from '../login/principals.ts'
import type { Principal } from '../principal.ts'
import type { HolderSource, Recalled } from './token-check.ts'
import type { TokenHolder } from './token-claims.ts'
import { accountHolding, projectMadeBy, robotHolding, tokenHolding } from './token-holder-store.ts'

export interface TokenHoldersDeps {
  readonly database: Pick<Database, 'one' | 'all'>
  readonly clock: Clock
}

/** Reads whom a token names as they are now: who was disabled, changed the password or lost the secret behind it is not found. */
export function createTokenHolders({ database, clock }: TokenHoldersDeps): HolderSource {
  const groupsOf = async (account: number): Promise<number[]> => (await database.all(groupsOfAccount, account)).map(({ id }) => id)
  const recalled = (principal: Principal, ...ends: readonly (number | null)[]): Recalled | undefined => {
    const given = ends.filter((end) => end !== null)
    if (given.length === 0) return { principal }
    const until = Math.min(...given)
    return until <= clock.now() ? undefined : { principal, until }
  }

  async function recallAccount({ id, version, secret }: TokenHolder): Promise<Recalled | undefined> {
    if (secret === undefined) {
      const row = await database.one(accountHolding, id, version)
      return row && recalled(principalOfAccount(row, await groupsOf(id)))
    }
    const row = await database.one(tokenHolding, secret, id, version)
    return row && recalled(principalOfToken(row, await groupsOf(id)), row.expires_at)
  }

  async function recallRobot({ id, version, secret }: TokenHolder): Promise<Recalled | undefined> {
    const row = secret === undefined ? undefined : await database.one(robotHolding, secret, id, version)
    return row && recalled(principalOfRobot(row), row.expires_at, row.secret_expires_at)
  }

  return Object.freeze<HolderSource>({
    recall: (holder) => (holder.kind === 'account' ? recallAccount(holder) : recallRobot(holder)),
    projectMade: ({ kind, id }, name, since): Soon<number | undefined> =>
      andThen(database.one(projectMadeBy, name, kind, id), (row) => (row !== undefined && row.created_at >= since ? row.id : undefined)),
  })
}
