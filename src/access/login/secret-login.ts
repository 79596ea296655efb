import type { Database } from '../../database/index.ts'
import type { Clock } from '../../lib/index.ts'
import { groupsOfAccount } from '../accounts/account-store.ts'
import type { RobotName } from '../name.ts'
import { tokenOfSecret } from '../personal-tokens/token-store.ts'
import { aliasOfProject, robotOfSecret, type RobotRow } from '../robots/robot-store.ts'
import { hashSecret } from '../secrets/secret.ts'
import type { Authentication } from './authentication.ts'
import { principalOfRobot, principalOfToken } from './principals.ts'

/** Logins with secrets that Berth made: nobody can guess one, so nothing is counted, and whoever has one learns that it has ended. */
export interface SecretLogin {
  robot(robot: RobotName, secret: string): Promise<Authentication>
  token(user: string, secret: string, kind: 'personal' | 'key'): Promise<Authentication>
}

export function createSecretLogin({ database, clock }: { readonly database: Database; readonly clock: Clock }): SecretLogin {
  /** A project that was renamed is still found by the name it had. */
  async function isIn(row: RobotRow, project: string | undefined): Promise<boolean> {
    if (project === undefined || row.project === null) return project === undefined && row.project === null
    return project === row.project || (await database.one(aliasOfProject, project))?.namespace_id === row.namespace_id
  }

  return Object.freeze<SecretLogin>({
    robot: async ({ project, name }, secret) => {
      const row = await database.one(robotOfSecret, hashSecret(secret))
      if (row === undefined || row.name !== String(name) || !(await isIn(row, project)) || row.state !== 'active') return { failed: 'wrong' }
      const expiresAt = earliest(row.expires_at, row.secret_expires_at)
      if (expiresAt !== undefined && expiresAt <= clock.now()) return { failed: 'expired' }
      return { principal: principalOfRobot(row), credential: 'robot', secret: row.secret_id, expiresAt }
    },
    token: async (user, secret, kind) => {
      const row = await database.one(tokenOfSecret, hashSecret(secret))
      if (row === undefined || row.owner !== user || row.kind !== kind) return { failed: 'wrong' }
      const expiresAt = row.expires_at ?? undefined
      if (expiresAt !== undefined && expiresAt <= clock.now()) return { failed: 'expired' }
      const groups = (await database.all(groupsOfAccount, row.account_id)).map(({ id }) => id)
      return { principal: principalOfToken(row, groups), credential: kind, secret: row.id, expiresAt }
    },
  })
}

function earliest(...times: readonly (number | null)[]): number | undefined {
  const given = times.filter((time) => time !== null)
  return given.length === 0 ? undefined : Math.min(...given)
}
