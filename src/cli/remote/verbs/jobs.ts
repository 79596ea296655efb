import type { Job } from '../../../client/index.ts'
import { UsageFault } from '../failure.ts'
import { everyPage, option, type Typed, type Verb, word } from '../verb.ts'
import { watchJob } from '../watch-job.ts'
import { collectionVerb } from './collection.ts'

const columns = ['id', 'kind', 'state', 'progress', 'createdBy', 'createdAt', 'finishedAt']
const jobOf = (typed: Typed) => ({ job: word(typed, 'ID') })
const states = ['queued', 'running', 'done', 'failed', 'cancelled'] as const

export const jobVerbs: readonly Verb[] = [
  {
    noun: 'jobs',
    verb: 'kinds',
    help: 'help.jobs.kinds',
    columns: ['name', 'version', 'summary'],
    run: async (client) => await everyPage((query) => client.call('listJobKinds', { query })),
  },
  {
    noun: 'jobs',
    verb: 'list',
    help: 'help.jobs.list',
    options: [
      { flags: '--kind <KIND>', help: 'help.jobs.kind' },
      { flags: '--state <STATE>', help: 'help.jobs.state', choices: states },
      { flags: '--limit <COUNT>', help: 'help.jobs.limit' },
    ],
    columns,
    run: async (client, typed) => {
      const state = states.find((each) => each === option(typed, 'state'))
      const filter = { kind: option(typed, 'kind'), state }
      return (await everyPage((page) => client.call('listJobs', { query: { ...filter, ...page } }), limitOf(typed))).map(inTable)
    },
  },
  {
    noun: 'jobs',
    verb: 'show',
    help: 'help.jobs.show',
    words: ['ID'],
    run: async (client, typed) => await client.call('getJob', { params: jobOf(typed) }),
  },
  {
    noun: 'jobs',
    verb: 'log',
    help: 'help.jobs.log',
    words: ['ID'],
    columns: ['number', 'at', 'text'],
    run: async (client, typed) => await everyPage((query) => client.call('getJobLog', { params: jobOf(typed), query })),
  },
  {
    noun: 'jobs',
    verb: 'watch',
    help: 'help.jobs.watch',
    words: ['ID'],
    run: async (client, typed) => await watchJob(client, word(typed, 'ID'), typed.watching),
  },
  {
    noun: 'jobs',
    verb: 'run',
    help: 'help.jobs.run',
    words: ['KIND'],
    options: [
      { flags: '--payload <JSON>', help: 'help.jobs.payload' },
      { flags: '--wait', help: 'help.jobs.wait' },
    ],
    run: async (client, typed) => {
      const job = await client.call('startJob', { body: { kind: word(typed, 'KIND'), payload: payloadOf(typed) } })
      return typed.options['wait'] === true ? await watchJob(client, job.id, typed.watching) : job
    },
  },
  {
    noun: 'jobs',
    verb: 'cancel',
    help: 'help.jobs.cancel',
    words: ['ID'],
    run: async (client, typed) => await client.call('cancelJob', { params: jobOf(typed) }),
  },
  collectionVerb,
]

function inTable(job: Job) {
  const { progress } = job
  if (progress === undefined) return job
  return { ...job, progress: progress.total === undefined ? `${progress.done} ${progress.unit}` : `${progress.done}/${progress.total} ${progress.unit}` }
}

function limitOf(typed: Typed): number | undefined {
  const text = option(typed, 'limit')
  if (text === undefined) return undefined
  if (!/^[1-9]\d{0,5}$/.test(text)) throw new UsageFault('jobs.not-a-count', { text })
  return Number(text)
}

/** What `--payload` says. */
export function payloadOf(typed: Typed): Readonly<Record<string, unknown>> | undefined {
  const text = option(typed, 'payload')
  if (text === undefined) return undefined
  const value = parsed(text)
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw new UsageFault('jobs.not-a-payload', { text })
  return value as Readonly<Record<string, unknown>>
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text) as unknown
  } catch {
    return undefined
  }
}
