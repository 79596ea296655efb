import { statement } from '../../database/index.ts'

/**
 * Whether a tag rule of the project leaves anything to a role. `_` in the name of a role stands for any character here: that finds a rule too
 * many at times, and never one too few.
 *
 * @param $1 the name of the project
 */
export const tagRuleNaming = statement<{ one: number }>(`
  select 1 as one from namespace n join tag_rule t on t.namespace_id = n.id
  where n.name = $1 and n.deleted_at is null and t.roles like '%"' || cast($2 as text) || '"%' limit 1`)
