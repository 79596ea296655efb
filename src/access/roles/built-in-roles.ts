import { type Permission, permissions } from '../permissions.ts'

const everything = Object.keys(permissions) as Permission[]
const guest: readonly Permission[] = ['content.pull', 'repository.list', 'project.read']
const developer: readonly Permission[] = [...guest, 'content.push', 'tag.create', 'tag.move', 'repository.create']
const maintainer: readonly Permission[] = [
  ...developer,
  'content.delete',
  'content.restore',
  'tag.delete',
  'repository.delete',
  'rule.read',
  'rule.write',
]
const reading = everything.filter((name) => name === 'content.pull' || name.endsWith('.read') || name === 'repository.list')

/** Each has all that the one before it has, and more. `ops` and `auditor` are for something else, and so is whatever people make. */
const ladder: readonly string[] = ['guest', 'developer', 'maintainer', 'project-admin', 'admin']

/** The roles as which a role counts where roles are named: itself, and those below it. */
export function countsAs(role: string): readonly string[] {
  const at = ladder.indexOf(role)
  return at === -1 ? [role] : ladder.slice(0, at + 1)
}

/** The roles that are always there. `admin` counts only where it is granted in the whole system. */
export const builtInRoles: Readonly<Record<string, readonly Permission[]>> = Object.freeze({
  admin: everything,
  'project-admin': everything.filter((name) => permissions[name].scope !== 'system'),
  maintainer,
  developer,
  guest,
  /** Runs jobs and sees how the system is, and no content. */
  ops: ['job.read', 'job.run', 'inventory.read', 'inventory.write', 'system.read'],
  /** Reads everything, changes nothing. */
  auditor: reading,
})
