import { importInParts } from './import-accounts.ts'
import { everyPage, option, type Verb, word } from '../verb.ts'

const columns = ['name', 'displayName', 'email', 'state', 'source', 'lastLoginAt']
const named = [
  { flags: '--email <ADDRESS>', help: 'help.user.email' },
  { flags: '--display-name <TEXT>', help: 'help.user.display-name' },
] as const

export const accountVerbs: readonly Verb[] = [
  {
    noun: 'user',
    verb: 'list',
    help: 'help.user.list',
    columns,
    run: async (client) => await everyPage((query) => client.call('listAccounts', { query })),
  },
  {
    noun: 'user',
    verb: 'get',
    help: 'help.user.get',
    words: ['NAME'],
    run: async (client, typed) => await client.call('getAccount', { params: { account: word(typed, 'NAME') } }),
  },
  {
    noun: 'user',
    verb: 'create',
    help: 'help.user.create',
    words: ['NAME'],
    options: [...named, { flags: '--password-stdin', help: 'help.user.password-stdin' }],
    run: async (client, typed) =>
      await client.call('createAccount', {
        body: {
          name: word(typed, 'NAME'),
          email: option(typed, 'email'),
          displayName: option(typed, 'displayName'),
          password: await typed.secret(),
        },
      }),
  },
  {
    noun: 'user',
    verb: 'import',
    help: 'help.user.import',
    words: ['FILE'],
    columns: ['line', 'name', 'result'],
    run: async (client, typed) => await importInParts(client, await typed.text(word(typed, 'FILE'))),
  },
  {
    noun: 'user',
    verb: 'update',
    help: 'help.user.update',
    words: ['NAME'],
    options: named,
    run: async (client, typed) =>
      await client.call('updateAccount', {
        params: { account: word(typed, 'NAME') },
        body: { email: option(typed, 'email'), displayName: option(typed, 'displayName') },
      }),
  },
  ...(['disable', 'enable'] as const).map(
    (verb): Verb => ({
      noun: 'user',
      verb,
      help: `help.user.${verb}`,
      words: ['NAME'],
      run: async (client, typed) =>
        await client.call('setAccountState', {
          params: { account: word(typed, 'NAME') },
          body: { state: verb === 'disable' ? 'disabled' : 'active' },
        }),
    }),
  ),
  {
    noun: 'user',
    verb: 'password',
    help: 'help.user.password',
    words: ['NAME'],
    options: [{ flags: '--password-stdin', help: 'help.user.password-stdin' }],
    run: async (client, typed) =>
      await client.call('resetPassword', { params: { account: word(typed, 'NAME') }, body: { password: await typed.secret() } }),
  },
  {
    noun: 'user',
    verb: 'delete',
    help: 'help.user.delete',
    words: ['NAME'],
    destroys: true,
    run: async (client, typed) => await client.call('deleteAccount', { params: { account: word(typed, 'NAME') } }),
  },
]
