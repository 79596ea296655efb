import { UsageFault } from '../failure.ts'
import { type Typed, type Verb, word } from '../verb.ts'

export const repositoryVerbs: readonly Verb[] = [
  {
    noun: 'repositories',
    verb: 'delete',
    help: 'help.repositories.delete',
    words: ['REPOSITORY'],
    discards: true,
    run: async (client, typed) => {
      const { project, path } = repositoryOf(typed)
      await client.call('deleteRepository', { params: { project }, query: { path } })
    },
  },
]

/** `team/web/app` is web/app in the project team; `team` is the one at the root of it. */
export function repositoryOf(typed: Typed): { readonly project: string; readonly path: string } {
  const text = word(typed, 'REPOSITORY')
  if (!/^[a-z0-9][a-z0-9._/-]*$/.test(text)) throw new UsageFault('repositories.not-a-path', { text })
  const [project = ''] = text.split('/', 1)
  return { project, path: text.slice(project.length + 1) }
}
