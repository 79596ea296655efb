import { z } from 'zod'
import {
  cut,
  decidedOn,
  type ListScope,
  nameShape,
  pageByName,
  placeOf,
  type Permission,
  type Principal,
  type Rights,
  timeOf,
  timeShape,
} from '../../access/index.ts'
import { type Caller, defineRoute, type Page, type PageRequest, Problem, type Route } from '../../api/index.ts'
import type { Database } from '../../database/index.ts'
import { andThen, type Clock, type Soon } from '../../lib/index.ts'
import { type NamedUsage, type Period, type Stored, usageOfActors, usageOfDays, usageOfProjects, usageOfRepositories } from './usage-store.ts'

export interface UsageRoutesDeps {
  readonly usage: UsageReader
  readonly rights: Pick<Rights, 'decide' | 'projectOf' | 'listScope'>
  readonly clock: Clock
}

/** What the routes ask the database. */
export interface UsageReader {
  projects(scope: ListScope, period: Period, last: string, limit: number): Promise<readonly NamedUsage[]>
  repositories(scope: ListScope, of: { readonly project: number; readonly period: Period }, last: string, limit: number): Promise<readonly NamedUsage[]>
  days(project: number, period: Period, limit: number): ReturnType<typeof usageOfDays>
  actors(
    of: { readonly project: number; readonly period: Period; readonly allNames: boolean },
    after: { readonly kind: string; readonly id: number },
    limit: number,
  ): ReturnType<typeof usageOfActors>
}

export function createUsageReader(database: Database): UsageReader {
  return Object.freeze<UsageReader>({
    projects: (...page) => usageOfProjects(database, ...page),
    repositories: (...page) => usageOfRepositories(database, ...page),
    days: (...page) => usageOfDays(database, ...page),
    actors: (...page) => usageOfActors(database, ...page),
  })
}

const sumsShape = {
  pulls: z.int().describe('Manifests that were got.'),
  pulledBytes: z.int().describe('Of manifests and blobs, as far as they were asked for; what a client did not wait for counts too.'),
  pushes: z.int().describe('Manifests that were put.'),
  pushedBytes: z.int().describe('Of manifests and blobs that were sent.'),
}
const storedShape = z
  .object({
    logicalBytes: z.int().describe('What all manifests would take if each had everything for itself.'),
    deduplicatedBytes: z.int().describe('What is stored, everything counted once.'),
    trashBytes: z.int().describe('What only the trash still holds.'),
    countedAt: timeShape,
  })
  .optional()
  .describe('Absent until it was counted for the first time.')
const noDay = 'is no day; write YYYY-MM-DD'
const dayShape = z.string().regex(/^\d{4}-\d\d-\d\d$/, { error: noDay, abort: true }).refine((text) => dayOf(text) !== undefined, noDay)
const periodShape = {
  from: dayShape.optional().describe('The first day, UTC: `2026-01-31`. Absent: 30 days in all.'),
  to: dayShape.optional().describe('The last day. Absent: today.'),
}

const projectUsage = z.object({ project: z.string(), ...sumsShape, stored: storedShape }).meta({ id: 'ProjectUsage' })
const usagePart = z
  .object({
    day: z.string().optional(),
    repository: z.string().optional(),
    actor: z
      .object({
        kind: z.enum(['account', 'robot', 'anonymous', 'outside']).describe('outside: whoever another token service vouches for.'),
        id: z.string().optional(),
        name: z.string().optional().describe('Where the caller may know it.'),
      })
      .optional(),
    ...sumsShape,
    stored: storedShape,
  })
  .meta({ id: 'UsagePart' })

/** What was used of projects, and how much is stored. */
export function usageRoutes(deps: UsageRoutesDeps): readonly Route[] {
  const { usage, rights, clock } = deps
  return [
    defineRoute({
      id: 'listUsage',
      method: 'GET',
      path: '/usage',
      summary: 'What was pulled and pushed of the projects that the caller may see, by name, and what they store. With system.read: of all.',
      needs: 'anybody',
      query: z.object(periodShape),
      status: 200,
      reply: projectUsage,
      list: true,
      handle: async ({ caller, query, page }) => {
        if (caller.mustChange) throw new Problem('password-change-required')
        const { after, limit } = pageByName(page)
        const found = await usage.projects(await scopeOf(rights, caller), periodOf(query, clock), after, limit)
        return cut(found, page.limit, ({ name }) => name, ({ name, sums, stored }) => ({ project: name, ...sums, stored: shownStored(stored) }))
      },
    }),
    defineRoute({
      id: 'listProjectUsage',
      method: 'GET',
      path: '/projects/{project}/usage',
      summary: 'What was pulled and pushed in a project, by day, repository or caller. By caller takes grant.read.',
      needs: 'project.read',
      place: placeOf,
      params: z.object({ project: nameShape }),
      query: z.object({ ...periodShape, by: z.enum(['day', 'repository', 'actor']).default('repository') }),
      status: 200,
      reply: usagePart,
      list: true,
      handle: async ({ caller, params: { project }, query, page }) => {
        const { id } = await decidedOn(rights, project)
        return await parts[query.by]({ ...deps, caller, project, id, period: periodOf(query, clock), page })
      },
    }),
  ]
}

interface Asked extends UsageRoutesDeps {
  readonly caller: Caller
  readonly project: string
  readonly id: number
  readonly period: Period
  readonly page: PageRequest
}

type Part = z.input<typeof usagePart>

const parts: Readonly<Record<'day' | 'repository' | 'actor', (asked: Asked) => Promise<Page<Part>>>> = {
  day: async ({ usage, id, period, page: { after, limit } }) => {
    const last = after === undefined ? undefined : dayOf(after)
    if (after !== undefined && last === undefined) throw new Problem('cursor-invalid')
    const from = last === undefined ? period.from : Math.max(period.from, last + 1)
    const found = await usage.days(id, { ...period, from }, limit + 1)
    return cut(found, limit, ({ day }) => dayText(day), ({ day, sums }) => ({ day: dayText(day), ...sums }))
  },
  repository: async ({ usage, rights, caller, id, period, page }) => {
    const scope = await rights.listScope(caller.principal as Principal | undefined, 'repository.list', caller.address)
    const { after, limit } = pageByName(page)
    const found = await usage.repositories(scope, { project: id, period }, after, limit)
    return cut(found, page.limit, ({ name }) => name, ({ name, sums, stored }) => ({ repository: name, ...sums, stored: shownStored(stored) }))
  },
  actor: async ({ usage, rights, caller, project, id, period, page: { after, limit } }) => {
    await checkMaySeeCallers(rights, caller, project)
    const allNames = await mayDo(rights, caller, 'account.read')
    const found = await usage.actors({ project: id, period, allNames }, actorAfter(after), limit + 1)
    return cut(found, limit, (actor) => `${actor.kind} ${actor.id}`, ({ kind, id: actor, name, sums }) => ({
      actor: { kind, id: actor === 0 ? undefined : String(actor), name },
      ...sums,
    }))
  },
}

/** Who uses a project is for whoever may see who may use it: a public project is read by everybody. */
async function checkMaySeeCallers(rights: UsageRoutesDeps['rights'], caller: Caller, project: string): Promise<void> {
  const { allowed, rule } = await rights.decide(caller.principal as Principal | undefined, 'grant.read', { project }, caller.address)
  if (allowed) return
  if (caller.principal === undefined) throw new Problem('unauthenticated')
  throw new Problem('forbidden', { detail: `who used it is for whoever may read grants: ${rule}` })
}

function mayDo(rights: UsageRoutesDeps['rights'], { principal, address }: Caller, permission: Permission): Soon<boolean> {
  if (principal === undefined) return false
  return andThen(rights.decide(principal as Principal, permission, {}, address), ({ allowed }) => allowed)
}

/** Who looks after the system sees how much each project takes, and nothing that is in one. */
async function scopeOf(rights: UsageRoutesDeps['rights'], caller: Caller): Promise<ListScope> {
  const scope = await rights.listScope(caller.principal as Principal | undefined, 'project.read', caller.address)
  return (await mayDo(rights, caller, 'system.read')) ? { ...scope, everywhere: true } : scope
}

const dayLength = 86_400_000
/** As many as are asked for when nobody says. */
const presetDays = 30
const mostDays = 400

/** @throws Problem `malformed` */
function periodOf(query: { readonly from?: string | undefined; readonly to?: string | undefined }, clock: Clock): Period {
  const to = dayOf(query.to) ?? Math.floor(clock.now() / dayLength)
  const from = dayOf(query.from) ?? to - presetDays + 1
  if (from > to) throw new Problem('malformed', { errors: [{ at: 'from', message: 'must not be after `to`' }] })
  if (to - from < mostDays) return { from, to }
  throw new Problem('malformed', { errors: [{ at: 'from', message: `must be at most ${mostDays} days before the last one` }] })
}

/** Days since the epoch; absent for what is no day. */
function dayOf(text: string | undefined): number | undefined {
  if (text === undefined) return undefined
  const day = Date.parse(`${text}T00:00:00Z`) / dayLength
  return Number.isInteger(day) && dayText(day) === text ? day : undefined
}

function dayText(day: number): string {
  return new Date(day * dayLength).toISOString().slice(0, 'YYYY-MM-DD'.length)
}

/** @throws Problem `cursor-invalid` */
function actorAfter(after: string | undefined): { readonly kind: string; readonly id: number } {
  if (after === undefined) return { kind: '', id: -1 }
  const [, kind, id] = /^([a-z]+) (\d{1,15})$/.exec(after) ?? []
  if (kind === undefined) throw new Problem('cursor-invalid')
  return { kind, id: Number(id) }
}

function shownStored(stored: Stored | undefined) {
  if (stored === undefined) return undefined
  const { logical, deduplicated, trash, countedAt } = stored
  return { logicalBytes: logical, deduplicatedBytes: deduplicated, trashBytes: trash, countedAt: timeOf(countedAt) }
}
