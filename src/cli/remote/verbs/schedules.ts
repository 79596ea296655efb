import { type Client, type Schedule, ServerProblem } from '../../../client/index.ts'
import { payloadOf } from './jobs.ts'
import { everyPage, option, type Typed, type Verb, word } from '../verb.ts'

const timeZone = { flags: '--time-zone <ZONE>', help: 'help.schedules.time-zone' } as const
const payload = { flags: '--payload <JSON>', help: 'help.jobs.payload' } as const

const scheduleOf = (typed: Typed) => ({ schedule: word(typed, 'NAME') })

/** What may be said of a schedule. */
type Change = { readonly [Member in 'cron' | 'timeZone' | 'payload' | 'enabled']?: Schedule[Member] | undefined }

/** So often it is looked at again, where somebody else changes it meanwhile, or it runs. */
const mostLooks = 5

/** What is not said stays as it is, also where somebody else changes just that at the same time. */
async function change(client: Client, typed: Typed, changed: Change): Promise<Schedule> {
  const params = scheduleOf(typed)
  const given = Object.fromEntries(Object.entries(changed).filter(([, value]) => value !== undefined))
  for (let looks = 1; ; looks++) {
    const { reply, etag } = await client.look('getSchedule', { params })
    const { kind, payload, cron, timeZone, enabled } = reply
    try {
      return await client.call('replaceSchedule', { params, body: { kind, payload, cron, timeZone, enabled, ...given } }, { ifMatch: etag })
    } catch (error) {
      if (!(error instanceof ServerProblem && error.status === 412) || looks === mostLooks) throw error
    }
  }
}

export const scheduleVerbs: readonly Verb[] = [
  {
    noun: 'schedules',
    verb: 'list',
    help: 'help.schedules.list',
    columns: ['name', 'kind', 'cron', 'timeZone', 'enabled', 'nextRunAt', 'lastRunAt'],
    run: async (client) => await everyPage((query) => client.call('listSchedules', { query })),
  },
  {
    noun: 'schedules',
    verb: 'show',
    help: 'help.schedules.show',
    words: ['NAME'],
    run: async (client, typed) => await client.call('getSchedule', { params: scheduleOf(typed) }),
  },
  {
    noun: 'schedules',
    verb: 'create',
    help: 'help.schedules.create',
    words: ['NAME', 'KIND', 'CRON'],
    options: [timeZone, payload],
    run: async (client, typed) =>
      await client.call('createSchedule', {
        body: { name: word(typed, 'NAME'), kind: word(typed, 'KIND'), cron: word(typed, 'CRON'), timeZone: option(typed, 'timeZone'), payload: payloadOf(typed) },
      }),
  },
  {
    noun: 'schedules',
    verb: 'update',
    help: 'help.schedules.update',
    words: ['NAME'],
    options: [{ flags: '--cron <CRON>', help: 'help.word.CRON' }, timeZone, payload],
    run: async (client, typed) => await change(client, typed, { cron: option(typed, 'cron'), timeZone: option(typed, 'timeZone'), payload: payloadOf(typed) }),
  },
  ...(['disable', 'enable'] as const).map(
    (verb): Verb => ({
      noun: 'schedules',
      verb,
      help: `help.schedules.${verb}`,
      words: ['NAME'],
      run: async (client, typed) => await change(client, typed, { enabled: verb === 'enable' }),
    }),
  ),
  {
    noun: 'schedules',
    verb: 'delete',
    help: 'help.schedules.delete',
    words: ['NAME'],
    run: async (client, typed) => await client.call('deleteSchedule', { params: scheduleOf(typed) }),
  },
]
