import type { Database } from '../../database/index.ts'
import { AccessError } from '../access-error.ts'
import type { Subject } from '../access-lock-store.ts'
import { formatRobotName } from '../name.ts'
import { formatPathPattern, parsePathPattern } from '../path-pattern.ts'
import { granted } from '../refusal.ts'
import { checkRoleHeld, type Granter } from '../rights/hand-on.ts'
import type { Rights } from '../rights/rights.ts'
import type { CustomRoles } from '../roles/custom-roles.ts'
import { grantsInProject, grantsInSystem, type GrantListRow } from './grant-store.ts'
import { addGrant, removeGrant } from './grant-transactions.ts'

/** Where a grant is: a project, by its id and its present name. */
export interface ProjectRef {
  readonly id: number
  readonly name: string
}

export interface NewGrant {
  /** Absent: in the whole system. */
  readonly project: ProjectRef | undefined
  /** As people write a pattern of repositories; `*` in the whole system. */
  readonly path: string
  readonly subject: Subject
  readonly role: string
}

export interface GrantEntry {
  readonly id: number
  readonly path: string
  /** `name` is absent when the subject is gone: then the grant means nothing. */
  readonly subject: Subject & { readonly name: string | undefined }
  readonly role: string
  readonly createdAt: number
  readonly createdBy: string | undefined
}

/** Whoever calls has been allowed to by `Rights.decide` (`grant.read`, `grant.write`). Calls fail with AccessError. */
export interface Grants {
  /** Fails with INVALID, WIDER (a role with more than the granter has there), NOT_FOUND (the project) or EXISTS. Answers its id. */
  add(by: Granter, grant: NewGrant): Promise<number>
  /** Fails with NOT_FOUND or LAST_ADMIN. */
  remove(by: Granter, project: ProjectRef | undefined, id: number): Promise<void>
  /** In the order of their ids, those after `after`. */
  list(project: ProjectRef | undefined, page: { readonly after: number; readonly limit: number }): Promise<GrantEntry[]>
}

export interface GrantsDeps {
  readonly database: Database
  readonly rights: Rights
  readonly roles: CustomRoles
}

export function createGrants({ database, rights, roles }: GrantsDeps): Grants {
  return Object.freeze<Grants>({
    add: async (by, { project, path, subject, role }) => {
      const pattern = parsePathPattern(path)
      if (pattern === undefined) throw new AccessError('INVALID', { message: 'the pattern of repositories is not valid', field: 'path' })
      const found = await roles.find(role)
      if (found === undefined) throw new AccessError('INVALID', { message: `there is no role "${role}"`, field: 'role' })
      await checkRoleHeld({ database, rights }, by, { role, permissions: found.permissions, project: project?.name })
      const input = { actor: by.actor, project: project?.id, pattern, subject, role }
      return granted(await database.transact(addGrant, input)).id
    },
    remove: async ({ actor }, project, id) => {
      granted(await database.transact(removeGrant, { actor, project: project?.id, id }))
    },
    list: async (project, { after, limit }) => {
      const rows = await (project === undefined
        ? database.all(grantsInSystem, after, limit)
        : database.all(grantsInProject, project.id, after, limit))
      return rows.map(entryOf)
    },
  })
}

function entryOf(row: GrantListRow): GrantEntry {
  return {
    id: row.id,
    path: formatPathPattern({ prefix: row.prefix, exact: row.exact !== 0 }),
    subject: { kind: row.subject_kind, id: row.subject_id, name: nameOf(row) },
    role: row.role,
    createdAt: row.created_at,
    createdBy: row.created_by ?? undefined,
  }
}

function nameOf({ subject_kind: kind, subject, subject_project: project }: GrantListRow): string | undefined {
  if (subject === null || kind !== 'robot') return subject ?? undefined
  return formatRobotName(project ?? undefined, subject)
}
