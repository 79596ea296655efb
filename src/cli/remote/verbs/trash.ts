import type { Restored, TrashEntry } from '../../../client/index.ts'
import { UsageFault } from '../failure.ts'
import { restoredText } from '../restored-text.ts'
import { everyPage, option, type Typed, type Verb, word } from '../verb.ts'

const kinds = ['tag', 'manifest', 'blob', 'repository', 'project'] as const
const columns = ['id', 'kind', 'name', 'digest', 'deletedBy', 'deletedAt', 'purgeAt']

export const trashVerbs: readonly Verb[] = [
  {
    noun: 'trash',
    verb: 'list',
    help: 'help.trash.list',
    words: ['PROJECT'],
    options: [
      { flags: '--repository <PATH>', help: 'help.trash.repository' },
      { flags: '--kind <KIND>', help: 'help.trash.kind', choices: kinds },
    ],
    columns,
    run: async (client, typed) => {
      const filter = { repository: option(typed, 'repository'), kind: kinds.find((each) => each === option(typed, 'kind')) }
      const params = { project: word(typed, 'PROJECT') }
      return (await everyPage((page) => client.call('listTrash', { params, query: { ...filter, ...page } }))).map(inTable)
    },
  },
  {
    noun: 'trash',
    verb: 'show',
    help: 'help.trash.show',
    words: ['TRASH'],
    run: async (client, typed) => await client.call('getTrash', { params: numberOf(typed) }),
  },
  {
    noun: 'trash',
    verb: 'restore',
    help: 'help.trash.restore',
    words: ['TRASH'],
    run: async (client, typed) => await client.call('restoreTrash', { params: numberOf(typed) }),
    describe: (restored, say) => restoredText(restored as Restored, say),
  },
  {
    noun: 'trash',
    verb: 'purge',
    help: 'help.trash.purge',
    words: ['TRASH'],
    destroys: true,
    run: async (client, typed) => await client.call('purgeTrash', { params: numberOf(typed) }),
  },
]

function numberOf(typed: Typed): { readonly trash: string } {
  const text = word(typed, 'TRASH')
  if (!/^[1-9]\d{0,14}$/.test(text)) throw new UsageFault('trash.not-a-number', { text })
  return { trash: text }
}

/** As people write it: `team/web/app:v1`. */
function inTable(entry: TrashEntry) {
  const repository = entry.path === undefined || entry.path === '' ? entry.project : `${entry.project}/${entry.path}`
  return { ...entry, name: entry.tag === undefined ? repository : `${repository}:${entry.tag}` }
}
