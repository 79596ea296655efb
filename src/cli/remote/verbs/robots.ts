import { UsageFault } from '../failure.ts'
import { everyPage, many, option, type Typed, type Verb, word } from '../verb.ts'
import { secondsOf } from '../seconds.ts'

const ofProject = { flags: '--project <NAME>', help: 'help.robot.project' } as const
const expires = { flags: '--expires <TIME>', help: 'help.expires' } as const
const columns = ['name', 'state', 'expiresAt', 'lastUsedAt', 'description']

/** `team/web/*=content.pull,content.push`: what a robot may do where. `*=...` is every project. */
function parseAllowed(text: string) {
  const at = text.indexOf('=')
  const where = text.slice(0, Math.max(at, 0))
  const permissions = text.slice(at + 1).split(',')
  if (at <= 0 || permissions.includes('')) throw new UsageFault('robot.not-allowed', { text })
  const slash = where.indexOf('/')
  if (where === '*') return { permissions }
  return slash === -1 ? { project: where, permissions } : { project: where.slice(0, slash), pattern: where.slice(slash + 1), permissions }
}

/** Runs one of two operations: a robot belongs to a project, or to the system. */
async function chosen<T>(typed: Typed, inProject: (project: string) => Promise<T>, inSystem: () => Promise<T>): Promise<T> {
  const project = option(typed, 'project')
  return project === undefined ? await inSystem() : await inProject(project)
}

const robotOf = (typed: Typed) => ({ robot: word(typed, 'NAME') })

export const robotVerbs: readonly Verb[] = [
  {
    noun: 'robot',
    verb: 'list',
    help: 'help.robot.list',
    options: [ofProject],
    columns,
    run: async (client, typed) =>
      await everyPage(async (query) =>
        chosen(
          typed,
          async (project) => client.call('listRobots', { params: { project }, query }),
          async () => client.call('listSystemRobots', { query }),
        ),
      ),
  },
  {
    noun: 'robot',
    verb: 'get',
    help: 'help.robot.get',
    words: ['NAME'],
    options: [ofProject],
    run: async (client, typed) =>
      await chosen(
        typed,
        async (project) => client.call('getRobot', { params: { project, ...robotOf(typed) } }),
        async () => client.call('getSystemRobot', { params: robotOf(typed) }),
      ),
  },
  {
    noun: 'robot',
    verb: 'create',
    help: 'help.robot.create',
    words: ['NAME'],
    options: [ofProject, { flags: '--allow <WHERE=PERMISSIONS...>', help: 'help.robot.allow', mandatory: true }, expires, { flags: '--description <TEXT>', help: 'help.robot.description' }],
    run: async (client, typed) => {
      const body = {
        name: word(typed, 'NAME'),
        description: option(typed, 'description'),
        expiresIn: secondsOf(option(typed, 'expires')),
        rights: (many(typed, 'allow') ?? []).map(parseAllowed),
      }
      return await chosen(
        typed,
        async (project) => client.call('createRobot', { params: { project }, body }),
        async () => client.call('createSystemRobot', { body }),
      )
    },
  },
  {
    noun: 'robot',
    verb: 'rotate',
    help: 'help.robot.rotate',
    words: ['NAME'],
    options: [ofProject, { flags: '--overlap <TIME>', help: 'help.robot.overlap' }],
    run: async (client, typed) => {
      const body = { overlap: secondsOf(option(typed, 'overlap')) }
      return await chosen(
        typed,
        async (project) => client.call('rotateRobot', { params: { project, ...robotOf(typed) }, body }),
        async () => client.call('rotateSystemRobot', { params: robotOf(typed), body }),
      )
    },
  },
  ...(['disable', 'enable'] as const).map(
    (verb): Verb => ({
      noun: 'robot',
      verb,
      help: `help.robot.${verb}`,
      words: ['NAME'],
      options: [ofProject],
      run: async (client, typed) => {
        const body = { state: verb === 'disable' ? 'disabled' : 'active' } as const
        return await chosen(
          typed,
          async (project) => client.call('updateRobot', { params: { project, ...robotOf(typed) }, body }),
          async () => client.call('updateSystemRobot', { params: robotOf(typed), body }),
        )
      },
    }),
  ),
  {
    noun: 'robot',
    verb: 'delete',
    help: 'help.robot.delete',
    words: ['NAME'],
    destroys: true,
    options: [ofProject],
    run: async (client, typed) =>
      await chosen(
        typed,
        async (project) => client.call('deleteRobot', { params: { project, ...robotOf(typed) } }),
        async () => client.call('deleteSystemRobot', { params: robotOf(typed) }),
      ),
  },
]
