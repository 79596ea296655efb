import type { Verb } from './verb.ts'
import { accessVerbs } from './verbs/access.ts'
import { accountVerbs } from './verbs/accounts.ts'
import { grantVerbs } from './verbs/grants.ts'
import { groupVerbs } from './verbs/groups.ts'
import { jobVerbs } from './verbs/jobs.ts'
import { projectVerbs } from './verbs/projects.ts'
import { robotVerbs } from './verbs/robots.ts'
import { roleVerbs } from './verbs/roles.ts'
import { ruleVerbs } from './verbs/rules.ts'
import { scheduleVerbs } from './verbs/schedules.ts'
import { tokenVerbs } from './verbs/tokens.ts'
import { usageVerbs } from './verbs/usage.ts'

/** Every verb that talks to a server, except those that log in and out. */
export const verbs: readonly Verb[] = [
  ...projectVerbs,
  ...accountVerbs,
  ...groupVerbs,
  ...robotVerbs,
  ...tokenVerbs,
  ...roleVerbs,
  ...grantVerbs,
  ...ruleVerbs,
  ...accessVerbs,
  ...jobVerbs,
  ...scheduleVerbs,
  ...usageVerbs,
]
