import type { DeletePlan } from '../../../client/index.ts'
import { UsageFault } from '../failure.ts'
import { planText } from '../plan-text.ts'
import { type Verb, word } from '../verb.ts'

/** `berth plan-delete REPOSITORY[:TAG|@DIGEST]`. */
export const planDeleteVerb: Verb = {
  noun: '',
  verb: 'plan-delete',
  help: 'help.plan-delete',
  words: ['TARGET'],
  options: [{ flags: '--json', help: 'help.plan-delete.json' }],
  run: async (client, typed) => {
    const { repository, ...target } = targetOf(word(typed, 'TARGET'))
    const [project = '', ...path] = repository.split('/')
    return await client.call('planDelete', { params: { project }, query: { path: path.join('/') }, body: target })
  },
  describe: (plan, say) => planText(plan as DeletePlan, say),
}

/** A tag before a digest says nothing more. */
function targetOf(text: string): { readonly repository: string; readonly tag?: string; readonly digest?: string } {
  const [named = '', digest] = text.split('@', 2)
  const [, repository = named, tag] = /^(.*):([^:/]+)$/.exec(named) ?? []
  if (!/^[a-z0-9][a-z0-9._/-]*$/.test(repository) || digest === '') throw new UsageFault('plan.not-a-target', { text })
  if (digest !== undefined) return { repository, digest }
  return tag === undefined ? { repository } : { repository, tag }
}
