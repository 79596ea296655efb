import { option, type Typed, type Verb, word } from '../verb.ts'

/** `team/web/app:1.4` is a tag of a repository, `team` alone a project or the repository at its root, `-` the whole system. */
function questionOf(typed: Typed) {
  const [path = '', tag] = word(typed, 'WHAT').split(':', 2)
  const slash = path.indexOf('/')
  const project = slash === -1 ? path : path.slice(0, slash)
  return { project, query: { action: word(typed, 'ACTION'), path: slash === -1 ? undefined : path.slice(slash + 1), tag } }
}

export const accessVerbs: readonly Verb[] = [
  {
    noun: 'access',
    verb: 'explain',
    help: 'help.access.explain',
    words: ['WHO', 'ACTION', 'WHAT'],
    options: [{ flags: '--address <IP>', help: 'help.access.address' }],
    columns: ['permission', 'allowed', 'rule'],
    run: async (client, typed) => {
      const [who, address] = [word(typed, 'WHO'), option(typed, 'address')]
      const { project, query } = questionOf(typed)
      if (who === 'me') return await client.call('explainOwnAccess', { params: { project }, query })
      if (project === '-') return await client.call('explainSystemAccess', { query: { who, action: query.action, address } })
      return await client.call('explainAccess', { params: { project }, query: { ...query, who, address } })
    },
  },
]
