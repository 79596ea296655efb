/** What a client wants a token for: one resource, and words such as `pull` and `push`. */
export interface Scope {
  readonly type: string
  readonly name: string
  readonly actions: readonly string[]
}

/** Clients ask for one repository, for two when they mount, for a handful in a batch. */
const mostScopes = 64
/** Characters of all scopes together. */
const longestScopes = 16 * 1024
const mostActions = 8

const typeAndClass = /^([a-z0-9]+)(?:\([a-z0-9]+\))?$/
const action = /^(?:[a-z]{1,32}|\*)$/

/**
 * Reads `type[(class)]:name:actions`, several divided by spaces or given one by one. A name may hold colons (`host:port/name`), so
 * the type ends at the first and the actions begin after the last. The same resource twice is one resource with the actions of both:
 * containerd asks so. What cannot be read is left out, as is what nobody can be given: a client that asks for too much
 * gets less, not an error.
 * @throws RangeError when there is more of it than any client asks for
 */
export function parseScopes(texts: readonly string[]): Scope[] {
  if (texts.reduce((sum, text) => sum + text.length + 1, 0) > longestScopes) throw new RangeError('the scopes are too long')
  const scopes = new Map<string, Set<string>>()
  for (const text of texts.flatMap((each) => each.split(' '))) {
    const scope = text === '' ? undefined : parseScope(text)
    if (scope === undefined) continue
    const key = `${scope.type}:${scope.name}`
    const actions = scopes.get(key) ?? new Set()
    for (const each of scope.actions) actions.add(each)
    if (actions.size > mostActions) throw new RangeError('a scope names too many actions')
    scopes.set(key, actions)
    if (scopes.size > mostScopes) throw new RangeError(`there are more than ${mostScopes} scopes`)
  }
  return [...scopes].map(([key, actions]) => ({ ...cut(key), actions: [...actions] }))
}

function parseScope(text: string): Scope | undefined {
  const [first, last] = [text.indexOf(':'), text.lastIndexOf(':')]
  if (first === last) return undefined
  const type = typeAndClass.exec(text.slice(0, first))?.[1]
  const name = text.slice(first + 1, last)
  const actions = text.slice(last + 1).split(',').filter((each) => action.test(each))
  return type === undefined || name === '' ? undefined : { type, name, actions }
}

function cut(key: string): Omit<Scope, 'actions'> {
  const colon = key.indexOf(':')
  return { type: key.slice(0, colon), name: key.slice(colon + 1) }
}

/** As a challenge and the answer to a POST write them. */
export function formatScopes(scopes: readonly Scope[]): string {
  return scopes.map(({ type, name, actions }) => `${type}:${name}:${actions.join(',')}`).join(' ')
}
