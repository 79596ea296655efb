import type { Client, ProjectUsage, UsagePart } from '../../../client/index.ts'
import { readable } from '../../readable.ts'
import { everyPage, option, type Typed, type Verb } from '../verb.ts'

const by = ['day', 'repository', 'actor'] as const

export const usageVerbs: readonly Verb[] = [
  {
    noun: '',
    verb: 'usage',
    help: 'help.usage',
    words: ['[PROJECT]'],
    options: [
      { flags: '--from <DAY>', help: 'help.usage.from' },
      { flags: '--to <DAY>', help: 'help.usage.to' },
      { flags: '--by <WHAT>', help: 'help.usage.by', choices: by },
      { flags: '--json', help: 'help.json' },
    ],
    columns: ['of', 'pulls', 'pulled', 'pushes', 'pushed', 'logical', 'stored', 'trash', 'countedAt'],
    run: async (client, typed) => {
      const found = await usageOf(client, typed)
      return option(typed, 'output') === 'json' || typed.options['json'] === true ? found : found.map(inTable)
    },
  },
]

async function usageOf(client: Client, typed: Typed): Promise<(ProjectUsage | UsagePart)[]> {
  const project = typed.words['PROJECT']
  const period = { from: option(typed, 'from'), to: option(typed, 'to') }
  if (project === undefined) return await everyPage((page) => client.call('listUsage', { query: { ...period, ...page } }))
  const part = by.find((each) => each === option(typed, 'by'))
  return await everyPage((page) => client.call('listProjectUsage', { params: { project }, query: { ...period, by: part, ...page } }))
}

function inTable(found: ProjectUsage | UsagePart) {
  const { pulls, pushes, pulledBytes, pushedBytes, stored } = found
  const bytes = stored && {
    logical: readable(stored.logicalBytes),
    stored: readable(stored.deduplicatedBytes),
    trash: readable(stored.trashBytes),
    countedAt: stored.countedAt,
  }
  return { of: nameOf(found), pulls, pulled: readable(pulledBytes), pushes, pushed: readable(pushedBytes), ...bytes }
}

function nameOf(found: ProjectUsage | UsagePart): string | undefined {
  if ('project' in found) return found.project
  const { day, repository, actor } = found
  return day ?? repository ?? (actor && [actor.kind, actor.name ?? actor.id].filter((part) => part !== undefined).join(' '))
}
