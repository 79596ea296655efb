import { UsageFault } from '../failure.ts'
import { everyPage, option, type Typed, type Verb, word } from '../verb.ts'

const orders = ['name', 'version', 'pushed', 'pulled', 'size'] as const
const directions = ['asc', 'desc'] as const

/** `team/web/app` is the repository `web/app` of the project `team`. */
function repositoryOf(typed: Typed) {
  const name = word(typed, 'REPOSITORY')
  const slash = name.indexOf('/')
  return { params: { project: slash === -1 ? name : name.slice(0, slash) }, path: slash === -1 ? '' : name.slice(slash + 1) }
}

function tagOf(typed: Typed) {
  const text = word(typed, 'TAG')
  const [, project, path = '', tag] = /^([^/:]+)(?:\/([^:]+))?:([^:/]+)$/.exec(text) ?? []
  if (project === undefined || tag === undefined) throw new UsageFault('tags.not-a-tag', { text })
  return { params: { project }, query: { path, tag } }
}

/** A day alone is its beginning. */
function momentOf(text: string): string {
  const time = Date.parse(text)
  if (Number.isNaN(time) || !/^\d{4}-\d\d-\d\d/.test(text)) throw new UsageFault('tags.not-a-time', { text })
  return new Date(time).toISOString()
}

export const tagVerbs: readonly Verb[] = [
  {
    noun: 'tags',
    verb: 'list',
    help: 'help.tags.list',
    words: ['REPOSITORY'],
    options: [
      { flags: '--order <ORDER>', help: 'help.tags.order', choices: orders },
      { flags: '--direction <DIRECTION>', help: 'help.tags.direction', choices: directions },
    ],
    columns: ['name', 'digest', 'size', 'pushedAt', 'pushedBy', 'pulledAt'],
    run: async (client, typed) => {
      const { params, path } = repositoryOf(typed)
      const order = orders.find((each) => each === option(typed, 'order'))
      const direction = directions.find((each) => each === option(typed, 'direction'))
      return await everyPage((page) => client.call('listTags', { params, query: { path, order, direction, ...page } }))
    },
  },
  {
    noun: 'tags',
    verb: 'show',
    help: 'help.tags.show',
    words: ['TAG'],
    options: [{ flags: '--at <TIME>', help: 'help.tags.at' }],
    run: async (client, typed) => {
      const { params, query } = tagOf(typed)
      const at = option(typed, 'at')
      return await client.call('getTag', { params, query: { ...query, at: at === undefined ? undefined : momentOf(at) } })
    },
  },
  {
    noun: 'tags',
    verb: 'history',
    help: 'help.tags.history',
    words: ['TAG'],
    columns: ['at', 'by', 'from', 'to'],
    run: async (client, typed) => {
      const { params, query } = tagOf(typed)
      return await everyPage((page) => client.call('listTagMoves', { params, query: { ...query, ...page } }))
    },
  },
  {
    noun: 'tags',
    verb: 'revert',
    help: 'help.tags.revert',
    words: ['TAG'],
    options: [
      { flags: '--to <DIGEST>', help: 'help.tags.to' },
      { flags: '--at <TIME>', help: 'help.tags.revert-at' },
      { flags: '--expect <DIGEST>', help: 'help.tags.expect' },
    ],
    run: async (client, typed) => {
      const { params, query } = tagOf(typed)
      const [to, at, expected] = [option(typed, 'to'), option(typed, 'at'), option(typed, 'expect')]
      if ((to === undefined) === (at === undefined)) throw new UsageFault('tags.no-target', {})
      return await client.call('revertTag', { params, query, body: { to: to ?? momentOf(at ?? ''), expected: expected === 'none' ? null : expected } })
    },
  },
]
