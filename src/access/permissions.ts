/**
 * Everything that can be allowed, by name: the one table. Roles, robots and tokens hold such names; every route and every call of the
 * core asks for one of them. `scope` says where a grant of it can count: in a project (or a part of one), or in the whole system.
 */
export const permissions = Object.freeze({
  // Of a repository: decided for its path.
  'content.pull': { scope: 'repository' },
  'content.push': { scope: 'repository' },
  'content.delete': { scope: 'repository' },
  /** Seeing what was deleted, and bringing it back. A tag that comes back needs `tag.create` as well. */
  'content.restore': { scope: 'repository' },
  /** Ending what was deleted before its time: from then on nobody can bring it back. */
  'content.purge': { scope: 'repository' },
  'tag.create': { scope: 'repository' },
  'tag.move': { scope: 'repository' },
  'tag.delete': { scope: 'repository' },
  /** Seeing that it is there: names, sizes, times, not the bytes. */
  'repository.list': { scope: 'repository' },
  'repository.create': { scope: 'repository' },
  'repository.delete': { scope: 'repository' },

  // Of a project.
  'project.read': { scope: 'project' },
  'project.update': { scope: 'project' },
  'project.delete': { scope: 'project' },
  'grant.read': { scope: 'project' },
  'grant.write': { scope: 'project' },
  'robot.read': { scope: 'project' },
  'robot.write': { scope: 'project' },
  'rule.read': { scope: 'project' },
  'rule.write': { scope: 'project' },

  // Of the whole system.
  'project.create': { scope: 'system' },
  'account.read': { scope: 'system' },
  'account.write': { scope: 'system' },
  'group.read': { scope: 'system' },
  'group.write': { scope: 'system' },
  'role.read': { scope: 'system' },
  'role.write': { scope: 'system' },
  'event.read': { scope: 'system' },
  'job.read': { scope: 'system' },
  'job.run': { scope: 'system' },
  /** Seeing which clusters report what runs in them, and when they did. */
  'inventory.read': { scope: 'system' },
  /** Reporting what runs in a cluster, which keeps it from being removed by a rule. */
  'inventory.write': { scope: 'system' },
  'system.read': { scope: 'system' },
  'system.write': { scope: 'system' },
} as const satisfies Readonly<Record<string, { readonly scope: 'repository' | 'project' | 'system' }>>)

export type Permission = keyof typeof permissions

/** Reads a list of permissions as rows have it, in JSON. Names that this program does not know give nothing. */
export function readPermissions(text: string): Permission[] {
  return (JSON.parse(text) as string[]).filter(isPermission)
}

export function isPermission(text: string): text is Permission {
  return Object.hasOwn(permissions, text)
}
