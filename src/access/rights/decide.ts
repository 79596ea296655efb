import { isoTime } from '../../observe/index.ts'
import type { Tag } from '../../oci/index.ts'
import { matchesPath } from '../path-pattern.ts'
import { permissions, type Permission } from '../permissions.ts'
import type { Ceiling, Principal } from '../principal.ts'
import { countsAs } from '../roles/built-in-roles.ts'
import type { AddressRule, Grant, PrincipalRights, ProjectRights, TagRule } from './granted.ts'
import type { Decision } from './rights.ts'

/** Everything that a decision depends on. */
export interface Question {
  /** Absent for an anonymous caller. */
  readonly principal: Principal | undefined
  readonly rights: PrincipalRights
  readonly permission: Permission
  /** Absent: of the system, or of a project that does not exist. */
  readonly project: ProjectRights | undefined
  /** Of a repository below its project; absent where the question is about none. */
  readonly path: string | undefined
  /** Absent for a permission of tags: about every tag. */
  readonly tag: Tag | undefined
  /** Absent: as if no address rule stood in the way. */
  readonly address: string | undefined
}

/**
 * May they do it? What the credential takes away comes first, so that such a refusal tells nothing of the place; then something has to
 * give the permission; then nothing may stand in its way. There is no other way to an answer that allows.
 */
export function decide(question: Question): Decision {
  const barred = barrier(question)
  if (barred !== undefined) return barred
  const source = sourceOf(question)
  if (source === undefined) {
    const known = mayKnow(question)
    const gone = known ? goneRule(question) : undefined
    return gone === undefined ? refused(`no grant of ${question.permission} there`, !known) : isOver(gone)
  }
  const gone = ofContent.includes(question.permission) ? goneRule(question) : undefined
  if (gone !== undefined) return isOver(gone)
  const obstacle = obstacleOf(question)
  if (obstacle !== undefined) return refused(obstacle, !mayKnow(question))
  return { allowed: true, rule: source, project: question.project?.facts.id, hidden: false, narrowed: false }
}

/** Whether a grant gives the permission there, and the credential leaves it. */
export function isHeld(question: Question): boolean {
  return barrier(question) === undefined && grantsHere(question).some((grant) => counts(grant, question))
}

function refused(rule: string, hidden: boolean): Decision {
  return { allowed: false, rule, hidden, narrowed: false }
}

function isOver(rule: string): Decision {
  return { allowed: false, rule, hidden: false, narrowed: false, gone: true }
}

/** What the principal may do nowhere, whoever gave it. */
function barrier({ principal, permission, project, path }: Question): Decision | undefined {
  if (principal === undefined) return undefined
  if (principal.mustChange) return refused(`${principal.name} has to choose a new password first`, false)
  for (const ceiling of principal.ceilings) {
    if (!ceiling.allows(permission, project?.facts.id, path)) {
      return { allowed: false, rule: ceilingRule(ceiling, permission), hidden: false, narrowed: true }
    }
  }
  return undefined
}

export function ceilingRule({ name }: Ceiling, permission: Permission): string {
  return `${name} does not allow ${permission}`
}

/** What gives the permission, for people; absent where nothing does. */
function sourceOf(question: Question): string | undefined {
  if (isOpenTo(question)) return `project ${question.project?.facts.name} is ${question.project?.facts.visibility}`
  return grantsHere(question).find((grant) => counts(grant, question))?.name
}

const readable: readonly Permission[] = ['content.pull', 'repository.list', 'project.read']

/** Whether anybody may do it there, or anybody who has an account. Robots are made for one purpose: `internal` does not mean them. */
export function isOpenTo({ principal, permission, project }: Question): boolean {
  if (project === undefined || isGone(project, permission) || !readable.includes(permission)) return false
  const { visibility } = project.facts
  return visibility === 'public' || (visibility === 'internal' && principal?.kind === 'account')
}

/** Whether anybody may pull from a project, from everywhere: what only some networks may have, no cache may give to all. */
export function isPublic({ facts, addressRules }: ProjectRights): boolean {
  if (facts.visibility !== 'public' || facts.state === 'deleting') return false
  return !addressRules.some(({ permissions: some }) => some === undefined || some.has('content.pull'))
}

const nothing: readonly Grant[] = []

/**
 * Grants that could count there: those in the project, then those in the system. Of many in the project not those that do not reach to
 * the path, if there is one.
 */
export function grantsHere({ principal, rights, permission, project, path }: Question): readonly Grant[] {
  const own = principal?.project
  // A robot of a project never leaves it: what it was given elsewhere, by whatever mistake, does not count.
  if (own !== undefined && own !== project?.facts.id) return nothing
  const inSystem = own === undefined ? rights.inSystem : nothing
  if (project === undefined || permissions[permission].scope === 'system' || isGone(project, permission)) return inSystem
  const granted = rights.inProjects.get(project.facts.id)
  if (granted === undefined) return inSystem
  const ofRepository = path !== undefined && permissions[permission].scope === 'repository'
  const inProject = ofRepository ? granted.near(path) : granted.all
  return inSystem.length === 0 ? inProject : [...inProject, ...inSystem]
}

/** What the trash is for. */
const ofTrash: readonly Permission[] = ['content.restore', 'content.purge']

/** Nothing is in a project that is deleted; that it goes can be seen, and in the trash it can be brought back. */
export function isGone({ facts }: ProjectRights, permission: Permission): boolean {
  if (facts.state !== 'deleting' || permissions[permission].scope !== 'repository') return false
  return facts.trash === undefined || !ofTrash.includes(permission)
}

/** Why nothing can be done in a project that is deleted; absent in any other one. */
function goneRule({ project, permission }: Question): string | undefined {
  return project !== undefined && isGone(project, permission) ? deletedText(project) : undefined
}

/** For people who have the command line. */
export const waysOutOfTrash = (trash: number): string => `\`berth trash restore ${trash}\` brings it back, \`berth trash purge ${trash}\` frees its name`

export function deletedText({ facts: { name, trash } }: ProjectRights): string {
  if (trash === undefined) return `project ${name} is being deleted; its name is free in a moment`
  return `project ${name} is in the trash until ${isoTime(trash.until)}: ${waysOutOfTrash(trash.number)}`
}

/** Whether the grant gives the permission there. */
export function counts(grant: Grant, question: Question): boolean {
  return gives(grant, question.permission) && reaches(grant, question)
}

/** Whether the grant holds the permission: what belongs to the system is given in the system only, and so is the role of its administrators. */
export function gives(grant: Grant, permission: Permission): boolean {
  if (!grant.permissions.has(permission)) return false
  return grant.project === undefined || (grant.role !== 'admin' && permissions[permission].scope !== 'system')
}

/** Whether the place is in the part of the project that was granted. Who may read a part of it may see that the project is there. */
export function reaches({ pattern }: Grant, { permission, path }: Question): boolean {
  if (path !== undefined && permissions[permission].scope === 'repository') return matchesPath(pattern, path)
  return permission === 'project.read' || (pattern.prefix === '' && !pattern.exact)
}

/** What stands in the way of a permission that was given, for people. */
function obstacleOf(question: Question): string | undefined {
  const { project, permission, rights, address } = question
  if (project !== undefined && isFrozenOut(project, permission)) return `project ${project.facts.name} is archived`
  const tagRule = project?.tagRules.find((rule) => concerns(rule, question) && !isPassed(rule, question))
  if (tagRule !== undefined) return ruleName(tagRule)
  if (address === undefined) return undefined
  const excludes = (rule: AddressRule): boolean => isExcluding(rule, permission, address)
  const addressRule = project?.addressRules.find(excludes) ?? rights.addressRules.find(excludes)
  return addressRule && addressRuleRefusal(addressRule, address)
}

const changing: readonly Permission[] = [
  'content.push',
  'content.delete',
  'content.restore',
  'content.purge',
  'tag.create',
  'tag.move',
  'tag.delete',
  'repository.create',
  'repository.delete',
]

const ofContent: readonly Permission[] = ['content.pull', ...changing]

/** An archived project is read only; who may use it, and that it is archived, can still be changed. */
export function isFrozenOut({ facts }: ProjectRights, permission: Permission): boolean {
  return facts.state === 'frozen' && changing.includes(permission)
}

/** Whether the tag rule is about this. */
export function concerns(rule: TagRule, { permission, path, tag }: Question): boolean {
  if (!rule.permissions.has(permission)) return false
  return (path === undefined || matchesPath(rule.pattern, path)) && (tag === undefined || rule.tags.matches(tag))
}

/** Whether one of the roles of the tag rule, or one above it, gives the permission there. A rule without a role lets nobody pass. */
export function isPassed({ roles }: TagRule, question: Question): boolean {
  const passes = ({ role }: Grant): boolean => role !== undefined && countsAs(role).some((one) => roles.includes(one))
  return grantsHere(question).some((grant) => passes(grant) && counts(grant, question))
}

export function ruleName({ tags, roles }: TagRule): string {
  return `tag rule ${tags.text}: ${roles.length === 0 ? 'nobody' : `only ${roles.join(', ')}`}`
}

export function isExcluding(rule: AddressRule, permission: Permission, address: string): boolean {
  return rule.permissions?.has(permission) !== false && !rule.networks.has(address)
}

export function addressRuleRefusal({ of }: AddressRule, address: string): string {
  return `address ${address} is not in the allow-list of ${of}`
}

/** Whether the asker has anything to do with the place, so that a refusal may speak of it. That there is a system is no secret. */
function mayKnow(asked: Question): boolean {
  const question = { ...asked, project: asked.project && beforeItsEnd(asked.project) }
  const { permission, path } = question
  if (permissions[permission].scope === 'system' || isOpenTo({ ...question, permission: 'project.read' })) return true
  const ofRepository = path !== undefined && permissions[permission].scope === 'repository'
  const has = (wanted: Permission): boolean => {
    const about = { ...question, permission: wanted }
    return grantsHere(about).some((grant) => (ofRepository ? counts(grant, about) : gives(grant, wanted)))
  }
  return (ofRepository ? inRepositories : belowSystem).some(has)
}

/** Whoever knew a project may know that it is in the trash. */
function beforeItsEnd(project: ProjectRights): ProjectRights {
  return project.facts.trash === undefined ? project : { ...project, facts: { ...project.facts, state: 'live' } }
}

const names = Object.keys(permissions) as Permission[]
const inRepositories = names.filter((name) => permissions[name].scope === 'repository')
const belowSystem = names.filter((name) => permissions[name].scope !== 'system')
