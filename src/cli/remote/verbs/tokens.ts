import { everyPage, many, option, type Verb, word } from '../verb.ts'
import { secondsOf } from '../seconds.ts'

export const tokenVerbs: readonly Verb[] = [
  {
    noun: 'token',
    verb: 'list',
    help: 'help.token.list',
    columns: ['id', 'name', 'kind', 'project', 'pattern', 'permissions', 'expiresAt', 'lastUsedAt'],
    run: async (client) => await everyPage((query) => client.call('listTokens', { query })),
  },
  {
    noun: 'token',
    verb: 'create',
    help: 'help.token.create',
    words: ['NAME'],
    options: [
      { flags: '--key', help: 'help.token.key' },
      { flags: '--expires <TIME>', help: 'help.expires' },
      { flags: '--project <NAME>', help: 'help.token.project' },
      { flags: '--pattern <PATTERN>', help: 'help.pattern' },
      { flags: '--permission <NAME...>', help: 'help.token.permission' },
    ],
    run: async (client, typed) =>
      await client.call('createToken', {
        body: {
          name: word(typed, 'NAME'),
          kind: typed.options['key'] === true ? 'key' : 'personal',
          expiresIn: secondsOf(option(typed, 'expires')),
          project: option(typed, 'project'),
          pattern: option(typed, 'pattern'),
          permissions: many(typed, 'permission'),
        },
      }),
  },
  {
    noun: 'token',
    verb: 'delete',
    help: 'help.token.delete',
    words: ['ID'],
    destroys: true,
    run: async (client, typed) => await client.call('deleteToken', { params: { token: word(typed, 'ID') } }),
  },
]
