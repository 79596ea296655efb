// bun simulation/access/list-cost.ts [--postgres]: a page of a list for somebody with 1,000 grants among 5,000 repositories. Those in as many
// projects have an address rule each.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buildApp, type App } from '../../src/app.ts'
import { loadConfig } from '../../src/config/index.ts'
import { createLogger } from '../../src/observe/index.ts'
import { createTestedPostgres, testedSqlite, type TestedDatabase } from '../rig/tested-database.ts'
import { startPostgres } from '../../tools/postgres.ts'

const repositories = 5_000
const grants = 1_000
const projects = 1_000
const pages = 200
const atOnce = 4

const password = 'plum-Canoe 77 riddle'
const adminLogin = loginOf('admin')
const readerLogin = loginOf('reader')
const index = 'application/vnd.oci.image.index.v1+json'

/** How the repositories and the grants are laid out: a repository's name, and where a grant is. */
interface Layout {
  readonly name: string
  readonly repository: (number: number) => string
  readonly grant: (number: number) => { readonly project: string; readonly pattern: string }
  /** The networks of a project's address rule; without this there are none. */
  readonly networks?: (number: number) => readonly string[]
}

const layouts: readonly Layout[] = [
  {
    name: `in ${projects} projects, half of the grants for whole ones, half for one repository`,
    repository: (number) => `p${number % projects}/r${Math.floor(number / projects)}`,
    grant: (number) => ({ project: `p${number % 750}`, pattern: number < grants / 2 ? '*' : 'r1' }),
  },
  {
    name: 'in one project, every grant for a part of it',
    repository: (number) => `p0/part${number % (2 * grants)}/r${Math.floor(number / (2 * grants))}`,
    grant: (number) => ({ project: 'p0', pattern: `part${number}/*` }),
  },
  {
    name: 'in as many projects, which have an address rule each',
    repository: (number) => `p${number}/app`,
    grant: (number) => ({ project: `p${number}`, pattern: '*' }),
    networks: (number) => ['127.0.0.0/8', `10.${number >> 8}.${number & 255}.0/24`],
  },
]

const folder = mkdtempSync(join(tmpdir(), 'berth-list-cost-'))
const postgres = process.argv.includes('--postgres') ? await startPostgres() : undefined
try {
  for (const [at, layout] of layouts.entries()) {
    const database = postgres === undefined ? testedSqlite : await createTestedPostgres(postgres.url)
    await measure(layout, database, join(folder, `${at}`))
  }
} finally {
  await postgres?.stop()
  rmSync(folder, { recursive: true })
}

async function measure(layout: Layout, { settings }: TestedDatabase, data: string): Promise<void> {
  const variables = new Map([['BERTH_ADMIN_PASSWORD', password], ...Object.entries(settings)])
  const loaded = loadConfig({ flags: new Map([['--data', data]]), environment: { variables, language: 'en' }, cwd: folder })
  if (!loaded.ok) throw new Error(JSON.stringify(loaded.problems))
  const app = await buildApp(loaded.config, createLogger({ level: 'silent' }))
  try {
    await fill(app, layout)
    // So that no page pays for the comparison of the password.
    await sent(app, 'GET', '/api/v1/whoami', readerLogin)
    console.log(`${postgres === undefined ? 'SQLite' : 'PostgreSQL'}, ${repositories} repositories ${layout.name}:`)
    await measureList(app, '/v2/_catalog?n=100')
    await measureList(app, '/api/v1/projects?limit=100')
  } finally {
    await app.close()
  }
}

/** All of it over the API, as people would. */
async function fill(app: App, { repository, grant, networks }: Layout): Promise<void> {
  await sent(app, 'POST', '/api/v1/accounts', adminLogin, { name: 'reader', password: `first ${password}` })
  const first = `Basic ${btoa(`reader:first ${password}`)}`
  await sent(app, 'PUT', '/api/v1/whoami/password', first, { current: `first ${password}`, password })
  await inTurns(repositories, async (number) => {
    await sent(app, 'PUT', `/v2/${repository(number)}/manifests/v1`, adminLogin, { schemaVersion: 2, mediaType: index, manifests: [] }, index)
  })
  await inTurns(grants, async (number) => {
    const { project, pattern } = grant(number)
    const body = { subject: { kind: 'account', name: 'reader' }, role: 'guest', pattern }
    await sent(app, 'POST', `/api/v1/projects/${project}/grants`, adminLogin, body)
  })
  if (networks === undefined) return
  await inTurns(repositories, async (number) => {
    await sent(app, 'POST', `/api/v1/projects/p${number}/address-rules`, adminLogin, { networks: networks(number) })
  })
}

/** Pages one after the other, from the beginning again after the last; before every tenth, somebody's rights change. */
async function measureList(app: App, list: string): Promise<void> {
  const [warm, cold]: [number[], number[]] = [[], []]
  let next = list
  for (let page = 0; page < pages; page++) {
    const afterChange = page % 10 === 0
    if (afterChange) await sent(app, 'PATCH', '/api/v1/projects/p0', adminLogin, { visibility: page % 20 === 0 ? 'internal' : 'private' })
    const began = performance.now()
    const answer = await sent(app, 'GET', next, readerLogin)
    const took = performance.now() - began
    ;(afterChange ? cold : warm).push(took)
    const entries = Object.values((await answer.json()) as object).find(Array.isArray) ?? []
    if (entries.length === 0) throw new Error(`an empty page: ${next}`)
    const link = /<([^>]+)>; rel="next"/.exec(answer.headers.get('link') ?? '')?.[1]
    next = link === undefined ? list : new URL(link, 'http://registry').href.slice('http://registry'.length)
  }
  console.log(`  ${list}: ${told(warm)}; after a change of rights: ${told(cold)}`)
}

async function sent(app: App, method: string, path: string, authorization: string, body?: object, type = 'application/json'): Promise<Response> {
  const headers = { authorization, host: 'registry', ...(body === undefined ? {} : { 'content-type': type }) }
  const content = body === undefined ? {} : { body: JSON.stringify(body) }
  const answer = await app.fetch(new Request(`http://registry${path}`, { method, headers, ...content }), '127.0.0.1')
  if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`)
  return answer
}

async function inTurns(count: number, one: (number: number) => Promise<void>): Promise<void> {
  let taken = 0
  const go = async (): Promise<void> => {
    while (taken < count) await one(taken++)
  }
  await Promise.all(Array.from({ length: atOnce }, go))
}

function loginOf(user: string): string {
  return `Basic ${btoa(`${user}:${password}`)}`
}

function told(times: readonly number[]): string {
  const sorted = times.toSorted((a, b) => a - b)
  const at = (part: number): string => (sorted[Math.ceil(part * sorted.length) - 1] ?? NaN).toFixed(1)
  return `median ${at(0.5)} ms, worst of ${sorted.length} ${at(1)} ms`
}
