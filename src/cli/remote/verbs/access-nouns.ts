import type { Verb } from '../verb.ts'
import { accessVerbs } from './access.ts'
import { accountVerbs } from './accounts.ts'
import { grantVerbs } from './grants.ts'
import { groupVerbs } from './groups.ts'
import { robotVerbs } from './robots.ts'
import { roleVerbs } from './roles.ts'
import { ruleVerbs } from './rules.ts'
import { tokenVerbs } from './tokens.ts'

/** The verbs that are about who may do what. */
export const accessNouns: readonly Verb[] = [
  ...accountVerbs,
  ...groupVerbs,
  ...robotVerbs,
  ...tokenVerbs,
  ...roleVerbs,
  ...grantVerbs,
  ...ruleVerbs,
  ...accessVerbs,
]
