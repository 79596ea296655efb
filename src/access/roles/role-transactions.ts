import { statement, transaction, type Tx } from '../../database/index.ts'
import { bumpDecided, record, type EventActor } from '../../record/index.ts'
import type { Permission } from '../permissions.ts'
import { refuse } from '../refusal.ts'
import { builtInRoles } from './built-in-roles.ts'

/** A role that people made. */
export interface RoleInput {
  readonly actor: EventActor
  readonly name: string
  readonly permissions: readonly Permission[]
}

const insert = statement('insert into role (name, permissions, created_at) values ($1, $2, $3) on conflict (name) do nothing')
const lock = statement<{ permissions: string }>('select permissions from role where name = $1 for update')
const change = statement('update role set permissions = $2 where name = $1')
const granted = statement<{ id: number }>('select id from access_grant where role = $1 limit 1')
const remove = statement('delete from role where name = $1')

/** Refuses with EXISTS: a name that is built in means what it means. */
export const createRole = transaction('create role', async (tx: Tx, { actor, name, permissions }: RoleInput) => {
  if (Object.hasOwn(builtInRoles, name)) return refuse('EXISTS')
  if ((await tx.run(insert, name, JSON.stringify(permissions), tx.now)) === 0) return refuse('EXISTS')
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { role: name, before: null, after: { permissions } }
  return await record(tx, { kind: 'role.create', actor, repositoryId: undefined, keys }, null)
})

/** Changes what everybody has who was granted it. Refuses with NOT_FOUND. */
export const updateRole = transaction('update role', async (tx: Tx, { actor, name, permissions }: RoleInput) => {
  const row = await tx.one(lock, name)
  if (row === undefined) return refuse('NOT_FOUND')
  await tx.run(change, name, JSON.stringify(permissions))
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { role: name, before: { permissions: JSON.parse(row.permissions) as unknown }, after: { permissions } }
  return await record(tx, { kind: 'role.update', actor, repositoryId: undefined, keys }, null)
})

/**
 * Refuses with NOT_FOUND, and with IN_USE while something is granted by it: such a grant would come to life again with a role
 * that is made under the same name.
 */
export const removeRole = transaction('remove role', async (tx: Tx, { actor, name }: Omit<RoleInput, 'permissions'>) => {
  const row = await tx.one(lock, name)
  if (row === undefined) return refuse('NOT_FOUND')
  // A statement of its own: the one that locked may have waited for a grant to be committed.
  if ((await tx.one(granted, name)) !== undefined) return refuse('IN_USE')
  await tx.run(remove, name)
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { role: name, before: { permissions: JSON.parse(row.permissions) as unknown }, after: null }
  return await record(tx, { kind: 'role.remove', actor, repositoryId: undefined, keys }, null)
})
