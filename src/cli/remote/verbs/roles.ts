import { everyPage, many, type Typed, type Verb, word } from '../verb.ts'

const role = (typed: Typed) => ({ role: word(typed, 'NAME') })
const permission = { flags: '--permission <NAME...>', help: 'help.permission', mandatory: true } as const

export const roleVerbs: readonly Verb[] = [
  {
    noun: 'role',
    verb: 'list',
    help: 'help.role.list',
    columns: ['name', 'builtIn', 'permissions'],
    run: async (client) => await everyPage((query) => client.call('listRoles', { query })),
  },
  {
    noun: 'role',
    verb: 'get',
    help: 'help.role.get',
    words: ['NAME'],
    run: async (client, typed) => await client.call('getRole', { params: role(typed) }),
  },
  {
    noun: 'role',
    verb: 'create',
    help: 'help.role.create',
    words: ['NAME'],
    options: [permission],
    run: async (client, typed) =>
      await client.call('createRole', { body: { name: word(typed, 'NAME'), permissions: many(typed, 'permission') ?? [] } }),
  },
  {
    noun: 'role',
    verb: 'update',
    help: 'help.role.update',
    words: ['NAME'],
    options: [permission],
    run: async (client, typed) =>
      await client.call('updateRole', { params: role(typed), body: { permissions: many(typed, 'permission') ?? [] } }),
  },
  {
    noun: 'role',
    verb: 'delete',
    help: 'help.role.delete',
    words: ['NAME'],
    destroys: true,
    run: async (client, typed) => await client.call('deleteRole', { params: role(typed) }),
  },
]
