import { statement } from '../../database/index.ts'

/**
 * Whether a tag rule leaves anything to a role. `_` in the name of a role stands for any character here: that finds a rule too many at times,
 * and never one too few.
 *
 * @param $1 the name of a project; '' for all of them
 */
export const tagRuleNaming = statement<{ one: number }>(`
  select 1 as one from tag_rule t join namespace n on n.id = t.namespace_id and n.deleted_at is null
  where ($1 = '' or n.name = $1) and t.roles like '%"' || cast($2 as text) || '"%' limit 1`)
