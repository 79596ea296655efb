import type { Database } from '../../database/index.ts'
import { AccessError } from '../access-error.ts'
import type { Subject } from '../access-lock-store.ts'
import { isPermission } from '../permissions.ts'
import { projectName } from '../project-name-store.ts'
import { checkHeld, checkRoleHeld, type Granter } from '../rights/hand-on.ts'
import type { Rights } from '../rights/rights.ts'
import type { Robots } from '../robots/robots.ts'
import type { CustomRoles } from '../roles/custom-roles.ts'
import { heldRoles } from './covers-store.ts'

/**
 * Guards what makes somebody able to act as another: a password that is set for them, a robot's new secret, a place in a group. The
 * attacker: whoever may write accounts, groups or robots and nothing else, and sets the password of the administrator.
 */
export interface Covers {
  /** Fails with WIDER unless whoever asks has everything that the other one has. */
  check(by: Granter, subject: Subject): Promise<void>
}

export interface CoversDeps {
  readonly database: Database
  readonly rights: Rights
  readonly roles: CustomRoles
  readonly robots: Robots
}

export function createCovers({ database, rights, roles, robots }: CoversDeps): Covers {
  async function checkRoles(by: Granter, subject: Subject): Promise<void> {
    for (const { project, role } of await heldRoles(database, subject)) {
      const permissions = (await roles.find(role))?.permissions ?? []
      await checkRoleHeld({ database, rights }, by, { role, permissions, project: project ?? undefined })
    }
  }

  async function checkRobot(by: Granter, id: number): Promise<void> {
    for (const { project, permissions } of await robots.rightsOf(id)) {
      const name = project === undefined ? undefined : await projectName(database, project)
      // Of a project that was deleted: it counts nowhere.
      if (project !== undefined && name === undefined) continue
      await checkHeld(rights, by, permissions.filter(isPermission), name)
    }
  }

  return Object.freeze<Covers>({
    check: async (by, subject) => {
      try {
        await checkRoles(by, subject)
        if (subject.kind === 'robot') await checkRobot(by, subject.id)
      } catch (error) {
        if (!(error instanceof AccessError) || error.code !== 'WIDER') throw error
        throw new AccessError('WIDER', { message: `this ${subject.kind} may do what you may not, so you cannot do this` })
      }
    },
  })
}
