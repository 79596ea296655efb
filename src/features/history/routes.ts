import { z } from 'zod'
import { nameShape, optionalTime, placeOfPath, repositoryBelow, repositoryPathShape, timeOf, timeShape } from '../../access/index.ts'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import { type Digest, isDigest, RegistryError, type Tag } from '../../oci/index.ts'
import { type Registry, type TagFacts, type TagMoved, tagOrders } from '../../registry/index.ts'
import { readHistoryPlace, readTagPlace, writeHistoryPlace, writeTagPlace } from './cursors.ts'

export interface HistoryRoutesDeps {
  readonly registry: Pick<Registry, 'tags'>
}

const params = z.object({ project: nameShape })
const path = repositoryPathShape.describe('The path of the repository below the project; an empty text for the one at its root.')
const tagName = z.custom<Tag>((text) => typeof text === 'string' && /^\w[\w.-]{0,127}$/.test(text), 'is no tag').meta({ type: 'string' })
const digestOrNull = z.custom<Digest | null>((value) => value === null || (typeof value === 'string' && isDigest(value)), 'is no digest of sha256 or sha512')
const moment = z.iso.datetime({ offset: true })
const ofTag = z.object({ path, tag: tagName })

const tagShape = z
  .object({
    name: z.string(),
    digest: z.string(),
    mediaType: z.string(),
    size: z.int().describe('Bytes of the manifest and of everything it refers to.'),
    pushedAt: timeShape.describe('When the tag was pointed at this manifest.'),
    pushedBy: z.string().optional().describe('Shown to whoever logged in.'),
    pulledAt: timeShape.optional().describe('When this manifest was last pulled while the tag pointed at it; written in batches.'),
    createdAt: timeShape,
  })
  .meta({ id: 'Tag' })

const tagThenShape = tagShape
  .partial({ mediaType: true, size: true, createdAt: true })
  .extend({ manifest: z.enum(['here', 'trash', 'gone']).describe('Whether the manifest can still be pulled.') })
  .meta({ id: 'TagThen' })

const moveShape = z
  .object({
    at: timeShape,
    by: z.string().optional().describe('Who did it. Shown to whoever logged in.'),
    from: z.string().optional().describe('Absent: there was no such tag before.'),
    to: z.string().optional().describe('Absent: the tag was deleted.'),
  })
  .meta({ id: 'TagMove' })

export function historyRoutes({ registry }: HistoryRoutesDeps): readonly Route[] {
  return [listRoute(registry), ...readingRoutes(registry), revertRoute(registry)]
}

type Tags = Pick<Registry, 'tags'>

const inProject = { needs: 'content.pull', place: placeOfPath, params } as const

function listRoute(registry: Tags): Route {
  return defineRoute({
    id: 'listTags',
    method: 'GET',
    path: '/projects/{project}/tags',
    summary: 'The tags of a repository by name, version, when they were pushed or pulled, or size.',
    ...inProject,
    query: z.object({ path, order: z.enum(tagOrders).default('name'), direction: z.enum(['asc', 'desc']).default('asc') }),
    status: 200,
    reply: tagShape,
    list: true,
    handle: async ({ caller, params: { project }, query: { path, order, direction }, page }) => {
      const repository = repositoryBelow(project, path)
      const after = readTagPlace(order, page.after)
      const { tags, next } = await registry.tags.list(caller, repository, { order, direction, limit: page.limit, after })
      return { items: tags.map((tag) => shown(tag, caller)), next: next && writeTagPlace(next) }
    },
  })
}

function readingRoutes(registry: Tags): Route[] {
  return [
    defineRoute({
      id: 'getTag',
      method: 'GET',
      path: '/projects/{project}/tag',
      summary: 'A tag, as it is or as it was in a moment.',
      ...inProject,
      query: ofTag.extend({ at: moment.optional().describe('RFC 3339. What the tag pointed at then.') }),
      status: 200,
      reply: tagThenShape,
      handle: async ({ caller, params: { project }, query: { path, tag, at } }) => {
        const repository = repositoryBelow(project, path)
        if (at === undefined) return { ...shown(await registry.tags.get(caller, repository, tag), caller), manifest: 'here' as const }
        const then = await told(registry.tags.at(caller, repository, tag, Date.parse(at)))
        return { name: tag, digest: then.digest, pushedAt: timeOf(then.since), pushedBy: whoFor(caller, then.by), manifest: then.manifest }
      },
    }),
    defineRoute({
      id: 'listTagMoves',
      method: 'GET',
      path: '/projects/{project}/tag-history',
      summary: 'Every move of a tag, the newest first. It outlives the tag.',
      ...inProject,
      query: ofTag,
      status: 200,
      reply: moveShape,
      list: true,
      handle: async ({ caller, params: { project }, query: { path, tag }, page: { limit, after } }) => {
        const repository = repositoryBelow(project, path)
        const { moves, next } = await registry.tags.history(caller, repository, tag, { limit, after: readHistoryPlace(after) })
        return { items: moves.map((move) => shownMove(move, caller)), next: next && writeHistoryPlace(next) }
      },
    }),
  ]
}

function revertRoute(registry: Tags): Route {
  return defineRoute({
    id: 'revertTag',
    method: 'POST',
    path: '/projects/{project}/tag-revert',
    summary: 'Points a tag at a manifest that the repository still has: as a push of it would, with the same rights.',
    needs: 'content.push',
    place: placeOfPath,
    params,
    query: ofTag,
    body: z.object({
      to: z.string().refine((text) => isDigest(text) || moment.safeParse(text).success, 'is neither a digest nor a time').describe('A digest, or a time (RFC 3339): whatever the tag pointed at then.'),
      expected: digestOrNull.optional().meta({
        type: ['string', 'null'],
        description: 'What the tag has to point at now; null: it must not exist. Otherwise 412, and nothing is changed.',
      }),
    }),
    status: 200,
    reply: z.object({ name: z.string(), digest: z.string() }),
    current: async ({ caller, params: { project }, query: { path, tag } }) => await present(registry, caller, project, { path, tag }),
    handle: async ({ caller, params: { project }, query: { path, tag }, body: { to, expected }, matched }) => {
      const target = isDigest(to) ? { digest: to } : { at: Date.parse(to) }
      const held = matched === undefined ? expected : (matched as { readonly digest: Digest }).digest
      if (expected !== undefined && held !== expected) throw new Problem('precondition-failed')
      const reverted = await told(registry.tags.revert(caller, repositoryBelow(project, path), tag, { to: target, expected: held }), '/to')
      return { name: tag, ...reverted }
    },
  })
}

/** As `getTag` shows it, whose entity tag `If-Match` names. */
async function present(registry: Tags, caller: Caller, project: string, { path, tag }: { readonly path: string; readonly tag: Tag }) {
  try {
    const found = await registry.tags.get(caller, repositoryBelow(project, path), tag)
    return tagThenShape.parse({ ...shown(found, caller), manifest: 'here' })
  } catch (error) {
    if (error instanceof RegistryError && error.status === 404) throw new Problem('precondition-failed', { cause: error })
    throw error
  }
}

const unexpected = 'nothing was changed: the tag does not point at what was expected now; look again and decide anew'
const explained: readonly string[] = ['TAG_UNKNOWN_THEN', 'MANIFEST_GONE', 'MANIFEST_IN_TRASH']

/** With the reason, which is no secret to who may look there, and the member of the body that it is about. */
async function told<T>(answer: Promise<T>, at?: string): Promise<T> {
  try {
    return await answer
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error
    if (error.code === 'PRECONDITION_FAILED') throw new Problem('precondition-failed', { detail: unexpected, cause: error })
    if (!explained.includes(error.code)) throw error
    const errors = at === undefined ? undefined : [{ at, message: error.message }]
    const code = { code: error.code.toLowerCase().replaceAll('_', '-'), status: at === undefined ? error.status : 409 }
    throw new Problem(code, { detail: error.message, errors, cause: error })
  }
}

/** Who has no name here gets none of others: a public project would list its people. */
function whoFor({ principal }: Caller, name: string | undefined): string | undefined {
  return principal === undefined ? undefined : name
}

function shown({ createdAt, pushedAt, pushedBy, pulledAt, ...tag }: TagFacts, caller: Caller) {
  const times = { createdAt: timeOf(createdAt), pushedAt: timeOf(pushedAt), pulledAt: optionalTime(pulledAt) }
  return { ...tag, ...times, pushedBy: whoFor(caller, pushedBy) }
}

function shownMove({ at, by, from, to }: TagMoved, caller: Caller) {
  return { at: timeOf(at), by: whoFor(caller, by), from, to }
}
