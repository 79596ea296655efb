import type { ListScope, Principal } from '../access/index.ts'
import type { Database } from '../database/index.ts'
import type { Soon } from '../lib/index.ts'
import type { RepositoryPage } from '../registry/index.ts'
import { visibleRepositories } from './visible-repositories-store.ts'

export interface RepositoryPageDeps {
  readonly database: Database
  readonly rights: { listScope(principal: Principal | undefined, permission: 'repository.list', address: string): Soon<ListScope> }
}

/** The catalog as one actor may see it. */
export function createRepositoryPage({ database, rights }: RepositoryPageDeps): RepositoryPage {
  return async ({ principal, address }, last, limit) => {
    const scope = await rights.listScope(principal as Principal | undefined, 'repository.list', address)
    return await visibleRepositories(database, scope, last, limit)
  }
}
