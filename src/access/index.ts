export { AccessError, type AccessErrorCode } from './access-error.ts'
export { hasAdmin, type Subject } from './access-lock-store.ts'
export type { Authentication, AuthenticationFailure, Authenticator, Credential, Recognized, Unrecognized } from './authentication.ts'
export { createAuthorize } from './authorize.ts'
export { createRights, type RightsDeps } from './create-rights.ts'
export { createCustomRoles, type CustomRoles, type RoleEntry } from './custom-roles.ts'
export { createGrants, type GrantEntry, type Grants, type NewGrant, type ProjectRef } from './grants.ts'
export { checkHeld, type Granter } from './hand-on.ts'
export type { IdentitySource, SourceAnswer, SourceIdentity } from './identity-source.ts'
export { projectFilter, projectFilterValues, repositoryFilter, repositoryFilterValues, type Filter } from './list-filter-store.ts'
export { formatRobotName, type Name, parseName, parseRobotName, type RobotName } from './name.ts'
export { coversPath, everyPath, formatPathPattern, matchesPath, parsePathPattern, pathBelow, type PathPattern } from './path-pattern.ts'
export { isPermission, type Permission, permissions } from './permissions.ts'
export type { Ceiling, Principal } from './principal.ts'
export { bumpRights, createRightsVersion, type RightsVersion } from './rights-version.ts'
export type { Consideration, Decision, Explanation, ListScope, Place, ProjectFacts, Rights } from './rights.ts'
export { builtInRoles } from './roles.ts'
export type { RuleOwner, TagPermission } from './rule-transactions.ts'
export { createRules, type AddressRuleContent, type Rules, type TagRuleContent } from './rules.ts'
export {
  allowsList,
  decisivePermissions,
  type RepositoryAction,
  repositoryNamed,
  type TokenAccess,
  withoutScope,
} from './token-access.ts'
export { type BearerAuthentication, createTokenCheck, type HolderSource, type TokenCheck } from './token-check.ts'
export { createTokenIssuer, type TokenIssuer } from './token-issuer.ts'
export { createTokenKeys, type PublicJwk, type TokenKeys } from './token-keys.ts'
export type { RefreshPurpose, RefreshTokens } from './token-refresh.ts'
export { formatScopes, parseScopes, type Scope } from './token-scope.ts'
