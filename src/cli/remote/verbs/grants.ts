import { everyPage, option, type Typed, type Verb, word } from '../verb.ts'

const where = { flags: '--project <NAME>', help: 'help.grant.project' } as const

type SubjectKind = 'account' | 'group' | 'robot'

/** `alice`, `group:dev` or `robot$ci`: who is meant. */
export function subjectOf(text: string): { readonly kind: SubjectKind; readonly name: string } {
  if (text.startsWith('group:')) return { kind: 'group', name: text.slice('group:'.length) }
  return { kind: text.includes('$') ? 'robot' : 'account', name: text }
}

function bodyOf(typed: Typed) {
  return { subject: subjectOf(word(typed, 'WHO')), role: word(typed, 'ROLE') }
}

export const grantVerbs: readonly Verb[] = [
  {
    noun: 'grant',
    verb: 'list',
    help: 'help.grant.list',
    options: [where],
    columns: ['id', 'subject', 'role', 'pattern', 'createdAt'],
    run: async (client, typed) => {
      const project = option(typed, 'project')
      if (project === undefined) return await everyPage((query) => client.call('listSystemGrants', { query }))
      return await everyPage((query) => client.call('listGrants', { params: { project }, query }))
    },
  },
  {
    noun: 'grant',
    verb: 'add',
    help: 'help.grant.add',
    words: ['WHO', 'ROLE'],
    options: [where, { flags: '--pattern <PATTERN>', help: 'help.pattern' }],
    run: async (client, typed) => {
      const project = option(typed, 'project')
      if (project === undefined) return await client.call('addSystemGrant', { body: bodyOf(typed) })
      return await client.call('addGrant', { params: { project }, body: { ...bodyOf(typed), pattern: option(typed, 'pattern') } })
    },
  },
  {
    noun: 'grant',
    verb: 'remove',
    help: 'help.grant.remove',
    words: ['ID'],
    options: [where],
    run: async (client, typed) => {
      const project = option(typed, 'project')
      const grant = word(typed, 'ID')
      if (project === undefined) return await client.call('removeSystemGrant', { params: { grant } })
      return await client.call('removeGrant', { params: { project, grant } })
    },
  },
]
