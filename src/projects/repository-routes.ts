import { z } from 'zod'
import { actorOf, decidedOn, nameShape, placeOfPath, principalOf, repositoryBelow, repositoryPathShape, type Rights } from '../access/index.ts'
import { type Caller, defineRoute, Problem, type Route } from '../api/index.ts'
import type { RepositoryName } from '../oci/index.ts'
import type { Repositories } from './repositories.ts'

export interface RepositoryRoutesDeps {
  readonly repositories: Pick<Repositories, 'remove'>
  readonly rights: Pick<Rights, 'decide' | 'projectOf'>
}

export function repositoryRoutes({ repositories, rights }: RepositoryRoutesDeps): readonly Route[] {
  return [
    defineRoute({
      id: 'deleteRepository',
      method: 'DELETE',
      path: '/projects/{project}/repository',
      summary: 'Deletes a repository with all that is in it, which takes tag.delete for all of its tags as well.',
      needs: 'repository.delete',
      place: placeOfPath,
      params: z.object({ project: nameShape }),
      query: z.object({ path: repositoryPathShape.describe('Below the project; an empty text is the one at the root.') }),
      status: 204,
      handle: async ({ caller, params: { project }, query: { path } }) => {
        const { id, name } = await decidedOn(rights, project)
        const repository = repositoryBelow(name, path)
        await checkTags(rights, caller, repository)
        await repositories.remove({ repository, project: id, actor: actorOf(caller) })
      },
    }),
  ]
}

/** A rule about a tag holds for every way to lose it. Asked about all tags at once: any rule that they may not pass stands in the way. */
async function checkTags(rights: RepositoryRoutesDeps['rights'], caller: Caller, repository: RepositoryName): Promise<void> {
  const { allowed, rule } = await rights.decide(principalOf(caller), 'tag.delete', { repository }, caller.address)
  if (!allowed) throw new Problem('forbidden', { detail: `you may not delete the tags of ${repository}: ${rule}` })
}
