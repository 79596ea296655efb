import { parseName, type Permission, type Place, type Principal } from '../access/index.ts'
import { andThen, type Soon } from '../lib/index.ts'
import { namespaceOf } from '../oci/index.ts'
import type { EnsureRepository } from '../registry/index.ts'

/** The part of the rights that a first push is judged by. */
export interface FirstPushRights {
  decide(principal: Principal | undefined, permission: Permission, at: Place, address: string): Soon<{ readonly allowed: boolean }>
  projectOf(name: string): Soon<{ readonly id: number } | undefined>
}

/**
 * What a push may create, as evidence for its transaction. It names the project that was asked about by its id, so that nothing comes
 * of it in one that was made, deleted or renamed since.
 */
export function createEnsureRepository(rights: FirstPushRights): EnsureRepository {
  return ({ principal: known, address }, repository) => {
    const principal = known as Principal | undefined
    const name = namespaceOf(repository)
    return andThen(rights.projectOf(name), (project) => {
      if (project !== undefined) {
        const decision = rights.decide(principal, 'repository.create', { repository }, address)
        return andThen(decision, ({ allowed }) => ({ project: project.id, repository: allowed, newProject: false }))
      }
      return andThen(rights.decide(principal, 'project.create', { repository }, address), ({ allowed }) => ({
        project: null,
        repository: false,
        newProject: allowed && principal !== undefined && parseName(name) !== undefined,
        maker: principal && { kind: principal.kind, id: principal.id },
      }))
    })
  }
}
