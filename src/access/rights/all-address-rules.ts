import type { Reads } from '../../database/index.ts'
import type { AddressRule } from './granted.ts'
import { loadAddressRules } from './load-rights.ts'
import { addressRulesVersion } from './rights-store.ts'

/**
 * The address rules of all projects, by the project's id, as every list is filtered by them. They change seldom and other rights often: they
 * have a number of their own, and are read again only when that has moved. Rules of a project that is gone may be among them.
 */
export function createAllAddressRules(database: Reads): () => Promise<ReadonlyMap<number, readonly AddressRule[]>> {
  let known: { readonly asOf: string; readonly rules: ReadonlyMap<number, readonly AddressRule[]> } | undefined
  return async () => {
    // Read before the rules are: what changes in between is read again the next time.
    const asOf = (await database.one(addressRulesVersion))?.value ?? ''
    if (known?.asOf !== asOf) known = { asOf, rules: await loadAddressRules(database) }
    return known.rules
  }
}
