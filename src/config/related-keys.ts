import type { z } from 'zod'
import { fault } from './values.ts'

/** What keys have to do with each other is looked at once each by itself is as it should be. */
export function ifInOrder(...names: readonly string[]) {
  return { when: ({ issues }: z.core.ParsePayload) => !issues.some(({ path }) => names.includes(String(path?.[0]))) }
}

interface TokenKeys {
  readonly realm?: string | undefined
  readonly service?: string | undefined
  readonly issuer?: string | undefined
  readonly root_certificates?: string | undefined
  readonly jwks?: string | undefined
}

/** Another token service needs all that is to be known of it. */
export function checkToken({ token }: { readonly token: TokenKeys }, context: z.RefinementCtx): void {
  const { realm, service, issuer, root_certificates, jwks } = token
  const needed = { realm, service, issuer, jwks: jwks ?? root_certificates }
  const missing = Object.entries(needed).find(([, value]) => value === undefined)?.[0]
  const given = Object.entries(token).find(([, value]) => value !== undefined)?.[0]
  if (missing !== undefined && given !== undefined) fault(context, 'needs', { other: `token.${missing}` }, ['token', given])
}

interface RoleKeys {
  readonly role: string
  readonly database: { readonly url?: unknown }
}

export function checkRole({ role, database }: RoleKeys, context: z.RefinementCtx): void {
  if (role !== 'all' && database.url === undefined) fault(context, 'needs-postgres', {}, ['role'])
}

interface TlsKeys {
  readonly tls: { readonly certificate?: unknown; readonly key?: unknown; readonly redirect?: unknown }
}

export function checkTls({ tls }: TlsKeys, context: z.RefinementCtx): void {
  if (tls.certificate === undefined && tls.redirect !== undefined) fault(context, 'needs', { other: 'tls.certificate' }, ['tls', 'redirect'])
  if (tls.certificate === undefined && tls.key !== undefined) fault(context, 'needs', { other: 'tls.certificate' }, ['tls', 'key'])
  if (tls.certificate !== undefined && tls.key === undefined) fault(context, 'needs', { other: 'tls.key' }, ['tls', 'certificate'])
}
