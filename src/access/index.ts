export { AccessError } from './access-error.ts'
export { apiCaller } from './api-caller.ts'
export { createIdentities, type Identities } from './create-identities.ts'
export { formatRobotName, parseName, parseRobotName } from './name.ts'
export { isPermission, type Permission, permissions } from './permissions.ts'
export type { Principal } from './principal.ts'
export { projectName } from './project-name-store.ts'
export {
  actorOf,
  cut,
  decidedOn,
  nameShape,
  optionalTime,
  pageByName,
  placeOf,
  placeOfPath,
  principalOf,
  repositoryBelow,
  repositoryPathShape,
  timeOf,
  timeShape,
} from './route-shapes.ts'
export { ensureFirstAdmin, type FirstAdmin, initialPasswordChanged, initialPasswordFile } from './accounts/first-admin.ts'
export { htpasswdRoutes } from './accounts/htpasswd-routes.ts'
export { ownRoutes } from './accounts/own-routes.ts'
export { accountRoutes } from './accounts/routes.ts'
export { isOutside, type OutsideCaller } from './bearer-tokens/outside-caller.ts'
export { readOutsideKeys } from './bearer-tokens/outside-keys.ts'
export {
  allowsList,
  decisivePermissions,
  type RepositoryAction,
  repositoryNamed,
  type TokenAccess,
  scopeCeiling,
  withoutScope,
} from './bearer-tokens/token-access.ts'
export { type BearerAuthentication, createTokenCheck, type TokenCheck } from './bearer-tokens/token-check.ts'
export { createTokenHolders } from './bearer-tokens/token-holders.ts'
export { createTokenIssuer, type TokenIssuer } from './bearer-tokens/token-issuer.ts'
export { createTokenKeys, type TokenKeys } from './bearer-tokens/token-keys.ts'
export { createOutsideCheck, mayPush, withOutside } from './bearer-tokens/token-outside.ts'
export { createRefreshTokens, type RefreshTokens } from './bearer-tokens/token-refresh.ts'
export { formatScopes, parseScopes, type Scope } from './bearer-tokens/token-scope.ts'
export { createCovers, type Covers } from './grants/covers.ts'
export { createGrants, type Grants } from './grants/grants.ts'
export { grantRoutes } from './grants/routes.ts'
export { groupRoutes } from './groups/routes.ts'
export type { Authentication, Authenticator, Recognized, Unrecognized } from './login/authentication.ts'
export { tokenRoutes } from './personal-tokens/routes.ts'
export { createAuthorize } from './rights/authorize.ts'
export { createRights } from './rights/create-rights.ts'
export { waysOutOfTrash } from './rights/decide.ts'
export { projectFilter, projectFilterValues, repositoryFilter, repositoryFilterValues } from './rights/list-filter-store.ts'
export type { Decision, ListScope, Place, ProjectFacts, Rights } from './rights/rights.ts'
export { createRightsVersion, type RightsVersion } from './rights/rights-version.ts'
export { explainRoutes } from './rights/routes.ts'
export { robotRoutes } from './robots/routes.ts'
export { createCustomRoles, type CustomRoles } from './roles/custom-roles.ts'
export { roleRoutes } from './roles/routes.ts'
export { addressRuleRoutes } from './rules/address-rule-routes.ts'
export { createRules, type Rules } from './rules/rules.ts'
export { tagRuleRoutes } from './rules/tag-rule-routes.ts'
export { type AttemptMemory, createAttemptMemory } from './secrets/attempt-counts.ts'
export { argon2Hashing, createPasswords } from './secrets/passwords.ts'
