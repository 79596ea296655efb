import { everyPage, option, type Verb, word } from '../verb.ts'

const columns = ['name', 'visibility', 'state', 'createdAt']
const visibility = ['public', 'internal', 'private'] as const
type Visibility = (typeof visibility)[number]

const visibilityOption = { flags: '--visibility <WORD>', help: 'help.project.visibility', choices: visibility } as const

export const projectVerbs: readonly Verb[] = [
  {
    noun: 'project',
    verb: 'list',
    help: 'help.project.list',
    columns,
    run: async (client) => await everyPage((query) => client.call('listProjects', { query })),
  },
  {
    noun: 'project',
    verb: 'get',
    help: 'help.project.get',
    words: ['NAME'],
    run: async (client, typed) => await client.call('getProject', { params: { project: word(typed, 'NAME') } }),
  },
  {
    noun: 'project',
    verb: 'create',
    help: 'help.project.create',
    words: ['NAME'],
    options: [visibilityOption],
    run: async (client, typed) =>
      await client.call('createProject', { body: { name: word(typed, 'NAME'), visibility: option(typed, 'visibility') as Visibility } }),
  },
  {
    noun: 'project',
    verb: 'update',
    help: 'help.project.update',
    words: ['NAME'],
    options: [{ ...visibilityOption, mandatory: true }],
    run: async (client, typed) =>
      await client.call('updateProject', {
        params: { project: word(typed, 'NAME') },
        body: { visibility: option(typed, 'visibility') as Visibility },
      }),
  },
  {
    noun: 'project',
    verb: 'rename',
    help: 'help.project.rename',
    words: ['NAME', 'TO'],
    run: async (client, typed) =>
      await client.call('renameProject', { params: { project: word(typed, 'NAME') }, body: { name: word(typed, 'TO') } }),
  },
  {
    noun: 'project',
    verb: 'archive',
    help: 'help.project.archive',
    words: ['NAME'],
    run: async (client, typed) => await client.call('updateProject', { params: { project: word(typed, 'NAME') }, body: { state: 'frozen' } }),
  },
  {
    noun: 'project',
    verb: 'unarchive',
    help: 'help.project.unarchive',
    words: ['NAME'],
    run: async (client, typed) => await client.call('updateProject', { params: { project: word(typed, 'NAME') }, body: { state: 'live' } }),
  },
  {
    noun: 'project',
    verb: 'delete',
    help: 'help.project.delete',
    words: ['NAME'],
    discards: true,
    options: [{ flags: '--force', help: 'help.project.force' }],
    run: async (client, typed) =>
      await client.call('deleteProject', {
        params: { project: word(typed, 'NAME') },
        query: { force: typed.options['force'] === true ? 'true' : 'false' },
      }),
  },
]
