import { addAddressRule, addressRulesOf, removeAddressRule } from './address-rules.ts'
import { everyPage, many, option, type Typed, type Verb, word } from '../verb.ts'

const project = (typed: Typed) => ({ project: word(typed, 'PROJECT') })
const pattern = { flags: '--pattern <PATTERN>', help: 'help.pattern' } as const
const permission = { flags: '--permission <NAME...>', help: 'help.permission' } as const

type TagPermission = 'tag.create' | 'tag.move' | 'tag.delete'

export const ruleVerbs: readonly Verb[] = [
  {
    noun: 'tag-rule',
    verb: 'list',
    help: 'help.tag-rule.list',
    words: ['PROJECT'],
    columns: ['id', 'tags', 'pattern', 'permissions', 'roles'],
    run: async (client, typed) => await everyPage((query) => client.call('listTagRules', { params: project(typed), query })),
  },
  {
    noun: 'tag-rule',
    verb: 'add',
    help: 'help.tag-rule.add',
    words: ['PROJECT', 'TAGS'],
    options: [{ flags: '--role <NAME...>', help: 'help.tag-rule.role' }, pattern, permission],
    run: async (client, typed) =>
      await client.call('addTagRule', {
        params: project(typed),
        body: {
          tags: word(typed, 'TAGS'),
          roles: many(typed, 'role') ?? [],
          pattern: option(typed, 'pattern'),
          permissions: many(typed, 'permission') as readonly TagPermission[] | undefined,
        },
      }),
  },
  {
    noun: 'tag-rule',
    verb: 'remove',
    help: 'help.tag-rule.remove',
    words: ['PROJECT', 'ID'],
    run: async (client, typed) => await client.call('removeTagRule', { params: { ...project(typed), rule: word(typed, 'ID') } }),
  },
  {
    noun: 'address-rule',
    verb: 'list',
    help: 'help.address-rule.list',
    words: ['OWNER'],
    columns: ['id', 'networks', 'permissions', 'createdAt'],
    run: async (client, typed) => await everyPage((query) => addressRulesOf(client, word(typed, 'OWNER'), query)),
  },
  {
    noun: 'address-rule',
    verb: 'add',
    help: 'help.address-rule.add',
    words: ['OWNER', 'NETWORKS'],
    options: [permission],
    run: async (client, typed) => {
      const body = { networks: word(typed, 'NETWORKS').split(','), permissions: many(typed, 'permission') }
      return await addAddressRule(client, word(typed, 'OWNER'), body)
    },
  },
  {
    noun: 'address-rule',
    verb: 'remove',
    help: 'help.address-rule.remove',
    words: ['OWNER', 'ID'],
    run: async (client, typed) => await removeAddressRule(client, word(typed, 'OWNER'), word(typed, 'ID')),
  },
]
