import { z } from 'zod'
import { defineRoute, type Route } from '../../api/index.ts'
import type { Rights } from '../rights/rights.ts'
import { cut, decidedOn, granterOf, idShape, nameShape, pageById, patternShape, placeOf, timeOf, timeShape } from '../route-shapes.ts'
import type { Rules } from './rules.ts'

export interface RuleRoutesDeps {
  readonly rules: Rules
  readonly rights: Rights
}

const tagPermission = z.enum(['tag.create', 'tag.move', 'tag.delete'])
const tags = z.string().min(1).max(128).describe('Tags: `*` stands for any characters, `?` for one.')

const tagRuleSchema = z
  .object({
    id: z.string(),
    tags: z.string(),
    pattern: z.string(),
    permissions: z.array(tagPermission),
    roles: z.array(z.string()).describe('Through these roles only; none: nobody may.'),
    createdAt: timeShape,
  })
  .meta({ id: 'TagRule' })

const params = z.object({ project: nameShape })
const one = params.extend({ rule: idShape })
const created = z.object({ id: z.string() }).meta({ id: 'NewTagRule' })

export function tagRuleRoutes({ rules, rights }: RuleRoutesDeps): Route[] {
  const projectOf = (name: string) => decidedOn(rights, name)
  return [
    defineRoute({
      id: 'listTagRules',
      method: 'GET',
      path: '/projects/{project}/tag-rules',
      summary: 'The rules for tags of a project.',
      needs: 'rule.read',
      place: placeOf,
      params,
      status: 200,
      reply: tagRuleSchema,
      list: true,
      handle: async ({ params: { project }, page }) => {
        const found = await rules.tagRules(await projectOf(project), pageById(page))
        return cut(found, page.limit, ({ id }) => String(id), ({ id, path, permissions, roles, createdAt, tags }) => ({
          id: String(id),
          tags,
          pattern: path,
          permissions: [...permissions],
          roles: [...roles],
          createdAt: timeOf(createdAt),
        }))
      },
    }),
    defineRoute({
      id: 'addTagRule',
      method: 'POST',
      path: '/projects/{project}/tag-rules',
      summary: 'Only these roles may create, move and delete the tags.',
      needs: 'rule.write',
      place: placeOf,
      params,
      body: z.object({
        tags,
        pattern: patternShape.default('*'),
        permissions: z.array(tagPermission).min(1).max(3).default(['tag.create', 'tag.move', 'tag.delete']),
        roles: z.array(nameShape).max(32),
      }),
      status: 201,
      reply: created,
      handle: async ({ caller, params: { project }, body: { pattern, ...rest } }) => {
        const id = await rules.addTagRule(granterOf(caller), await projectOf(project), { ...rest, path: pattern })
        return { id: String(id) }
      },
    }),
    defineRoute({
      id: 'removeTagRule',
      method: 'DELETE',
      path: '/projects/{project}/tag-rules/{rule}',
      summary: 'Removes a rule for tags.',
      needs: 'rule.write',
      place: placeOf,
      params: one,
      status: 204,
      handle: async ({ caller, params: { project, rule } }) => await rules.removeTagRule(granterOf(caller), await projectOf(project), Number(rule)),
    }),
  ]
}
