import type { Verb } from './verb.ts'
import { accessNouns } from './verbs/access-nouns.ts'
import { inventoryVerbs } from './verbs/inventory.ts'
import { jobVerbs } from './verbs/jobs.ts'
import { planDeleteVerb } from './verbs/plan-delete.ts'
import { projectVerbs } from './verbs/projects.ts'
import { repositoryVerbs } from './verbs/repositories.ts'
import { scheduleVerbs } from './verbs/schedules.ts'
import { tagVerbs } from './verbs/tags.ts'
import { trashVerbs } from './verbs/trash.ts'
import { usageVerbs } from './verbs/usage.ts'

/** Every verb that talks to a server, except those that log in and out. */
export const verbs: readonly Verb[] = [
  ...projectVerbs,
  ...repositoryVerbs,
  ...tagVerbs,
  ...trashVerbs,
  ...accessNouns,
  ...jobVerbs,
  ...scheduleVerbs,
  ...usageVerbs,
  ...inventoryVerbs,
  planDeleteVerb,
]
