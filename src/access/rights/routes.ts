import { z } from 'zod'
import { type Caller, defineRoute, Problem, type Route } from '../../api/index.ts'
import { parseIpAddress } from '../../lib/index.ts'
import { parseRepositoryName, parseTag } from '../../oci/index.ts'
import { parseRobotName } from '../name.ts'
import { isPermission, type Permission, permissions } from '../permissions.ts'
import { nameShape, placeOf, principalOf } from '../route-shapes.ts'
import type { Explanation, Place, Rights } from './rights.ts'

const check = z.object({
  permission: z.string(),
  allowed: z.boolean(),
  rule: z.string().describe('What decided.'),
  considered: z.array(
    z.object({ kind: z.string(), text: z.string(), verdict: z.enum(['allows', 'refuses', 'does not apply']), decided: z.boolean() }),
  ),
})

const explanation = z
  .object({ allowed: z.boolean().describe('Whether every check is allowed.'), checks: z.array(check) })
  .meta({ id: 'AccessExplanation' })

const question = {
  action: z.string().max(64).describe('`pull`, `push`, `delete`, or a permission such as `grant.write`.'),
  path: z.string().max(255).optional().describe('The repository below the project; absent for the project itself, or the repository at its root.'),
  tag: z.string().max(128).optional(),
}
const who = z.string().max(160).describe('`alice`, `robot$ci` or `team+robot$ci`.')
const address = z.string().max(64).optional().describe('As if asked from there.')

interface Question {
  readonly action: string
  readonly path?: string | undefined
  readonly tag?: string | undefined
}

/** Why somebody may do something, or may not. */
export function explainRoutes(rights: Rights): Route[] {
  const project = z.object({ project: nameShape })
  return [
    defineRoute({
      id: 'explainOwnAccess',
      method: 'GET',
      path: '/whoami/access/{project}',
      summary: 'Why the caller may do something in a project, or may not.',
      needs: 'own',
      params: project,
      query: z.object(question),
      status: 200,
      reply: explanation,
      handle: async ({ caller, params: { project }, query }) => await explainOwn(rights, caller, project, query),
    }),
    defineRoute({
      id: 'explainAccess',
      method: 'GET',
      path: '/projects/{project}/access',
      summary: 'Why somebody may do something in a project, or may not.',
      needs: 'grant.read',
      place: placeOf,
      params: project,
      query: z.object({ who, ...question, address }),
      status: 200,
      reply: explanation,
      handle: async ({ params: { project }, query: { who, address, ...asked } }) => {
        // A robot of another project can do nothing here, and whether there is one is not told.
        if ((parseRobotName(who)?.project ?? project) !== project) throw nobody()
        return await explainAll(rights, questionsOf(project, asked), { who, address: addressOf(address) })
      },
    }),
    defineRoute({
      id: 'explainSystemAccess',
      method: 'GET',
      path: '/access',
      summary: 'Why somebody may do something in the whole system, or may not.',
      needs: 'grant.read',
      query: z.object({ who, action: question.action, address }),
      status: 200,
      reply: explanation,
      handle: async ({ query: { who, address, action } }) =>
        await explainAll(rights, questionsOf(undefined, { action }), { who, address: addressOf(address) }),
    }),
  ]
}

interface Checked {
  readonly permission: Permission
  readonly at: Place
}

/** What each action needs, without a tag and with one. Deleting a tag is one permission, deleting what it names another. */
const actions: Readonly<Record<string, { readonly plain: readonly Permission[]; readonly tagged: readonly Permission[] }>> = {
  pull: { plain: ['content.pull'], tagged: ['content.pull'] },
  push: { plain: ['content.push'], tagged: ['content.push', 'tag.create', 'tag.move'] },
  delete: { plain: ['content.delete'], tagged: ['tag.delete'] },
}

function permissionsFor(action: string, isTagged: boolean): readonly Permission[] {
  if (isPermission(action)) return [action]
  const known = Object.hasOwn(actions, action) ? actions[action] : undefined
  if (known !== undefined) return isTagged ? known.tagged : known.plain
  throw new Problem('malformed', { errors: [{ at: 'action', message: 'is neither pull, push nor delete, nor a permission' }] })
}

/** What has to be allowed for the action. */
function questionsOf(project: string | undefined, { action, path, tag }: Question): Checked[] {
  const wanted = permissionsFor(action, tag !== undefined)
  const repository = project === undefined ? undefined : parseRepositoryName(path === undefined ? project : `${project}/${path}`)
  const placeFor = (permission: Permission): Place => {
    if (permissions[permission].scope !== 'repository') return { project }
    return tag !== undefined && permission.startsWith('tag.') ? { repository, tag: parseTag(tag) } : { repository }
  }
  return wanted.map((permission) => ({ permission, at: placeFor(permission) }))
}

async function explainAll(rights: Rights, questions: readonly Checked[], { who, address }: { readonly who: string; readonly address: string | undefined }) {
  const checks = await Promise.all(questions.map(async ({ permission, at }) => ({ permission, ...(await rights.explain(who, permission, at, address)) })))
  const known = checks.filter((each): each is { permission: Permission } & Explanation => 'rule' in each)
  if (known.length < checks.length) throw nobody()
  return { allowed: known.every(({ allowed }) => allowed), checks: known.map((each) => ({ ...each, considered: [...each.considered] })) }
}

function nobody(): Problem {
  return new Problem('rejected', { errors: [{ at: 'who', message: 'there is nobody of that name' }] })
}

/** For themselves people hear of what they may see, and the same of what is hidden and of what is not there. */
async function explainOwn(rights: Rights, caller: Caller, project: string, question: Question) {
  const principal = principalOf(caller)
  const questions = questionsOf(project, question)
  // Of a permission of the system the answer would speak of the project all the same.
  const ofProject = questions.slice(0, 1).map(({ permission }) => ({ permission, asked: 'project.read' as const, at: { project } }))
  for (const { permission, asked, at } of [...ofProject, ...questions.map((each) => ({ ...each, asked: each.permission }))]) {
    const { allowed, hidden } = await rights.decide(principal, asked, at, caller.address)
    if (!allowed && hidden) {
      return { allowed: false, checks: [{ permission, allowed: false, rule: 'there is no such thing, or you may not see it', considered: [] }] }
    }
  }
  return await explainAll(rights, questions, { who: principal.name, address: caller.address })
}

function addressOf(text: string | undefined): string | undefined {
  if (text === undefined) return undefined
  const parsed = parseIpAddress(text)
  if (parsed === undefined) throw new Problem('malformed', { errors: [{ at: 'address', message: 'is no IP address' }] })
  return parsed
}
