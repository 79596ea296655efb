import { statement } from '../../database/index.ts'

export interface RoleListRow {
  readonly name: string
  readonly permissions: string
  readonly created_at: number
}

export const rolesInOrder = statement<RoleListRow>(`
  select name, permissions, created_at from role where name > $1 order by name limit $2`)
export const roleNamed = statement<RoleListRow>('select name, permissions, created_at from role where name = $1')
