import {
  addressRuleRefusal,
  ceilingRule,
  concerns,
  counts,
  decide,
  deletedText,
  gives,
  grantsHere,
  isExcluding,
  isFrozenOut,
  isGone,
  isOpenTo,
  isPassed,
  reaches,
  ruleName,
  type Question,
} from './decide.ts'
import type { AddressRule, Grant, TagRule } from './granted.ts'
import type { Consideration, Explanation } from './rights.ts'

/** The decision, with everything that it depends on, in the order in which it counts. */
export function explain(question: Question): Explanation {
  const { allowed, rule } = decide(question)
  const considered = [...ofPrincipal(question), ...ofProject(question), ...ofGrants(question), ...ofObstacles(question)]
  const decided = considered.findIndex(({ text }) => text === rule)
  return { allowed, rule, considered: considered.map((each, index) => ({ ...each, decided: index === decided })) }
}

type Considered = Omit<Consideration, 'decided'>

function* ofPrincipal({ principal, permission, project, path }: Question): Generator<Considered> {
  if (principal === undefined) yield { kind: 'account', text: 'nobody is logged in', verdict: 'does not apply' }
  if (principal?.mustChange === true) {
    yield { kind: 'account', text: `${principal.name} has to choose a new password first`, verdict: 'refuses' }
  }
  for (const ceiling of principal?.ceilings ?? []) {
    const allows = ceiling.allows(permission, project?.facts.id, path)
    const text = allows ? ceiling.name : ceilingRule(ceiling, permission)
    yield { kind: 'credential', text, verdict: allows ? 'does not apply' : 'refuses' }
  }
  if (principal?.project !== undefined && principal.project !== project?.facts.id) {
    yield { kind: 'account', text: `${principal.name} belongs to another project: nothing granted to it counts here`, verdict: 'does not apply' }
  }
}

function* ofProject(question: Question): Generator<Considered> {
  const { project } = question
  if (project === undefined) return
  const { name, visibility } = project.facts
  // The one thing about it that people take for something else.
  const toPeople = visibility === 'internal' && question.principal?.kind === 'robot' ? ', which is for people: a robot has only what it was given' : ''
  yield { kind: 'visibility', text: `project ${name} is ${visibility}${toPeople}`, verdict: isOpenTo(question) ? 'allows' : 'does not apply' }
}

function* ofGrants(question: Question): Generator<Considered> {
  for (const grant of grantsHere({ ...question, path: undefined })) {
    yield { kind: 'grant', text: grant.name + shortcoming(grant, question), verdict: counts(grant, question) ? 'allows' : 'does not apply' }
  }
}

function shortcoming(grant: Grant, question: Question): string {
  if (!gives(grant, question.permission)) return `, does not give ${question.permission}${grant.permissions.size === 0 ? ': no such role' : ''}`
  return reaches(grant, question) ? '' : ', does not reach there'
}

function* ofObstacles(question: Question): Generator<Considered> {
  const { project, permission, rights } = question
  if (project !== undefined && project.facts.state !== 'live') {
    const text = project.facts.state === 'frozen' ? `project ${project.facts.name} is archived` : deletedText(project)
    const refuses = isFrozenOut(project, permission) || isGone(project, permission)
    yield { kind: 'project', text, verdict: refuses ? 'refuses' : 'does not apply' }
  }
  for (const rule of project?.tagRules ?? []) yield { kind: 'tag rule', text: ruleName(rule), verdict: ofTagRule(rule, question) }
  for (const rule of [...(project?.addressRules ?? []), ...rights.addressRules]) {
    yield ofAddressRule(rule, question)
  }
}

function ofTagRule(rule: TagRule, question: Question): Consideration['verdict'] {
  return concerns(rule, question) && !isPassed(rule, question) ? 'refuses' : 'does not apply'
}

function ofAddressRule(rule: AddressRule, { permission, address }: Question): Considered {
  const kind = 'address rule'
  if (address === undefined || !isExcluding(rule, permission, address)) {
    return { kind, text: `allow-list of ${rule.of}`, verdict: 'does not apply' }
  }
  return { kind, text: addressRuleRefusal(rule, address), verdict: 'refuses' }
}
