import { everyPage, type Typed, type Verb, word } from '../verb.ts'

const group = (typed: Typed) => ({ group: word(typed, 'GROUP') })
const member = (typed: Typed) => ({ group: word(typed, 'GROUP'), account: word(typed, 'USER') })

export const groupVerbs: readonly Verb[] = [
  {
    noun: 'group',
    verb: 'list',
    help: 'help.group.list',
    columns: ['name', 'source', 'createdAt'],
    run: async (client) => await everyPage((query) => client.call('listGroups', { query })),
  },
  {
    noun: 'group',
    verb: 'create',
    help: 'help.group.create',
    words: ['GROUP'],
    run: async (client, typed) => await client.call('createGroup', { body: { name: word(typed, 'GROUP') } }),
  },
  {
    noun: 'group',
    verb: 'delete',
    help: 'help.group.delete',
    words: ['GROUP'],
    destroys: true,
    run: async (client, typed) => await client.call('deleteGroup', { params: group(typed) }),
  },
  {
    noun: 'group',
    verb: 'members',
    help: 'help.group.members',
    words: ['GROUP'],
    columns: ['name'],
    run: async (client, typed) => await everyPage((query) => client.call('listMembers', { params: group(typed), query })),
  },
  {
    noun: 'group',
    verb: 'add',
    help: 'help.group.add',
    words: ['GROUP', 'USER'],
    run: async (client, typed) => await client.call('addMember', { params: member(typed) }),
  },
  {
    noun: 'group',
    verb: 'remove',
    help: 'help.group.remove',
    words: ['GROUP', 'USER'],
    run: async (client, typed) => await client.call('removeMember', { params: member(typed) }),
  },
]
