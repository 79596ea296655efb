import { statement, transaction, type Tx } from '../../database/index.ts'
import { bumpDecided, record, type EventActor } from '../../record/index.ts'
import { holdProject } from '../access-lock-store.ts'
import { lockRobot, permissionsOfRobot, secretsOfRobot, type RobotPermissionRow } from './robot-store.ts'

/** Some permissions in one place, as the rows have them. */
export interface RobotPermission {
  /** Id of a project; null for the whole system. */
  readonly project: number | null
  readonly prefix: string
  readonly exact: boolean
  readonly permissions: readonly string[]
}

/** Which robot: `project` is the id of its project, null for one of the whole system. */
export interface RobotKey {
  readonly project: number | null
  readonly name: string
}

const insert = statement<{ id: number }>(`
  insert into robot (namespace_id, name, description, expires_at, created_at, created_by) values ($1, $2, $3, $4, $5, $6)
  on conflict do nothing returning id`)
const insertPermission = statement(`
  insert into robot_permission (robot_id, namespace_id, prefix, exact, permissions) values ($1, $2, $3, $4, $5)`)
// Does nothing where the same operation was committed a moment ago: then its answer is given again.
const insertSecret = statement(`
  insert into robot_secret (robot_id, hash, created_at, expires_at) values ($1, $2, $3, $4) on conflict (hash) do nothing`)

export interface CreateRobotInput extends RobotKey {
  readonly description: string | undefined
  readonly expiresAt: number | undefined
  readonly permissions: readonly RobotPermission[]
  readonly secretHash: string
  readonly actor: EventActor | undefined
}

export const createRobot = transaction('create robot', async (tx: Tx, input: CreateRobotInput) => {
  const { project, name, description = null, expiresAt = null, permissions, actor } = input
  if (project !== null && typeof (await holdProject(tx, project)) !== 'string') return { refused: 'NOT_FOUND' }
  const row = await tx.one(insert, project, name, description, expiresAt, tx.now, actor?.identity ?? null)
  if (row === undefined) return { refused: 'EXISTS' }
  await insertPermissions(tx, row.id, permissions)
  if ((await tx.run(insertSecret, row.id, input.secretHash, tx.now, null)) === 0) return { refused: 'EXISTS' }
  const moved = await bumpDecided(tx, actor)
  if (moved !== undefined) return moved
  const keys = { robot: row.id, project, name, after: { description, expiresAt, permissions } }
  return await record(tx, { kind: 'robot.create', actor, repositoryId: undefined, keys }, { id: row.id })
})

const update = statement(`
  update robot set description = $2, expires_at = $3, state = $4, version = version + 1 where id = $1`)
const removePermissions = statement('delete from robot_permission where robot_id = $1')

export interface ChangeRobotInput extends RobotKey {
  /** What is absent stays; null removes it. */
  readonly description?: string | null | undefined
  readonly expiresAt?: number | null | undefined
  readonly state?: 'active' | 'disabled' | undefined
  readonly permissions?: readonly RobotPermission[] | undefined
  readonly actor: EventActor | undefined
}

export const changeRobot = transaction('change robot', async (tx: Tx, input: ChangeRobotInput) => {
  const row = await tx.one(lockRobot, input.project ?? 0, input.name)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  const permissions = (await tx.all(permissionsOfRobot, row.id)).map(permissionOf)
  const before = { description: row.description, expiresAt: row.expires_at, state: row.state, permissions }
  const after = {
    description: input.description === undefined ? before.description : input.description,
    expiresAt: input.expiresAt === undefined ? before.expiresAt : input.expiresAt,
    state: input.state ?? before.state,
    permissions: input.permissions ?? before.permissions,
  }
  await tx.run(update, row.id, after.description, after.expiresAt, after.state)
  if (input.permissions !== undefined) {
    await tx.run(removePermissions, row.id)
    await insertPermissions(tx, row.id, input.permissions)
  }
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { robot: row.id, project: input.project, name: row.name, before, after }
  return await record(tx, { kind: 'robot.update', actor: input.actor, repositoryId: undefined, keys }, null)
})

const removeEnded = statement('delete from robot_secret where robot_id = $1 and expires_at is not null and expires_at <= $2')
const endSecrets = statement(`
  update robot_secret set expires_at = $2 where robot_id = $1 and (expires_at is null or expires_at > $2)`)
/** Of one robot, all of them in use at once. */
const mostSecrets = 5

export interface RotateRobotInput extends RobotKey {
  readonly secretHash: string
  /** How long the secrets it has go on, in ms. */
  readonly overlap: number
  readonly actor: EventActor | undefined
}

export const rotateRobot = transaction('rotate robot secret', async (tx: Tx, input: RotateRobotInput) => {
  const row = await tx.one(lockRobot, input.project ?? 0, input.name)
  if (row === undefined) return { refused: 'NOT_FOUND' }
  const until = tx.now + input.overlap
  await tx.run(endSecrets, row.id, until)
  await tx.run(removeEnded, row.id, tx.now)
  const left = (await tx.all(secretsOfRobot, row.id)).length
  if (left >= mostSecrets) return { refused: 'TOO_MANY' }
  if ((await tx.run(insertSecret, row.id, input.secretHash, tx.now, null)) === 0) return { refused: 'EXISTS' }
  const moved = await bumpDecided(tx, input.actor)
  if (moved !== undefined) return moved
  const keys = { robot: row.id, project: input.project, name: row.name, before: { secrets: left }, after: { secrets: left + 1, until } }
  return await record(tx, { kind: 'robot.rotate', actor: input.actor, repositoryId: undefined, keys }, { until })
})

const leaveTombstone = statement('update robot set deleted_at = $2, version = version + 1 where id = $1')
const removeSecrets = statement('delete from robot_secret where robot_id = $1')
const removeGrants = statement(`delete from access_grant where subject_kind = 'robot' and subject_id = $1`)
const removeAddressRules = statement('delete from address_rule where robot_id = $1')

/** The row stays, so that its id is nobody else's. */
export const deleteRobot = transaction(
  'delete robot',
  async (tx: Tx, input: RobotKey & { readonly actor: EventActor | undefined }) => {
    const row = await tx.one(lockRobot, input.project ?? 0, input.name)
    if (row === undefined) return { refused: 'NOT_FOUND' }
    await tx.run(leaveTombstone, row.id, tx.now)
    for (const part of [removeSecrets, removePermissions, removeGrants, removeAddressRules]) await tx.run(part, row.id)
    const moved = await bumpDecided(tx, input.actor)
    if (moved !== undefined) return moved
    const keys = { robot: row.id, project: input.project, name: row.name, before: { state: row.state } }
    return await record(tx, { kind: 'robot.delete', actor: input.actor, repositoryId: undefined, keys }, null)
  },
)

async function insertPermissions(tx: Tx, robot: number, entries: readonly RobotPermission[]): Promise<void> {
  for (const { project, prefix, exact, permissions } of entries) {
    await tx.run(insertPermission, robot, project, prefix, Number(exact), JSON.stringify(permissions))
  }
}

export function permissionOf({ namespace_id: project, prefix, exact, permissions }: RobotPermissionRow): RobotPermission {
  return { project, prefix, exact: exact !== 0, permissions: JSON.parse(permissions) as string[] }
}
