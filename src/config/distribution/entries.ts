import { isMap, isScalar, isSeq, type Node, type Pair } from 'yaml'
import { excerpt } from '../../lib/index.ts'
import type { Problem, Source } from '../problem.ts'
import { parseYaml, type YamlText } from '../yaml-text.ts'

/** One value of distribution's configuration, wherever it stands. */
export interface Entry {
  /** `http.addr`; the elements of a list are numbered: `http.tls.letsencrypt.hosts.0`. */
  readonly path: string
  /** Empty for a null, an empty map and an empty list. */
  readonly text: string
  readonly source: Source
}

/** What a file and the environment say together. */
export interface Entries {
  readonly entries: readonly Entry[]
  readonly problems: readonly Problem[]
}

/** The prefix of distribution's variables. */
export const variablePrefix = 'REGISTRY_'

/** Distribution's files name the version of their format, and a `berth.yaml` has no such key. */
export function isDistributionFile({ root }: YamlText): boolean {
  return isMap(root) && root.items.some(({ key }) => String(key) === 'version')
}

/** Puts the values of the file and those of the variables together as distribution does: a variable replaces what is below its path. */
export function collectEntries(file: YamlText | undefined, variables: ReadonlyMap<string, string>): Entries {
  const problems: Problem[] = []
  let entries: Entry[] = []
  if (file !== undefined) {
    problems.push(...file.problems)
    if (file.root !== null) flatten(file.root, '', file.sourceAt(), { entries, problems, sourceAt: file.sourceAt })
  }
  // A shorter name first, so that REGISTRY_STORAGE does not take away what REGISTRY_STORAGE_DELETE_ENABLED gave.
  for (const [name, text] of [...variables].sort(([a], [b]) => (a < b ? -1 : 1))) {
    const path = name.slice(variablePrefix.length).toLowerCase().replaceAll('_', '.')
    const source = { kind: 'environment', name } as const
    const { root, problems: faults } = parseYaml(text, () => source)
    problems.push(...faults)
    entries = entries.filter((entry) => entry.path !== path && !entry.path.startsWith(`${path}.`))
    if (faults.length === 0) flatten(root, path, source, { entries, problems, sourceAt: () => source })
  }
  return { entries, problems }
}

interface Flattening {
  readonly entries: Entry[]
  readonly problems: Problem[]
  readonly sourceAt: YamlText['sourceAt']
}

/** The section that holds one thing of several kinds may be given as the name of the kind: `storage: filesystem`. */
const shortForms = new Set(['storage', 'auth'])

/** @param source the place of the key that holds the node */
function flatten(node: Node | null, path: string, source: Source, into: Flattening): void {
  const { sourceAt } = into
  if (isMap(node) && node.items.length > 0) {
    for (const { key, value } of node.items as Pair<Node, Node | null>[]) {
      flatten(value, path === '' ? String(key) : `${path}.${String(key)}`, sourceAt(key.range?.[0]), into)
    }
  } else if (isSeq(node) && node.items.length > 0) {
    for (const [index, item] of (node.items as Node[]).entries())
      flatten(item, `${path}.${index}`, sourceAt(item.range?.[0]), into)
  } else if (isScalar(node) && shortForms.has(path) && wordOf(node) !== '') {
    into.entries.push({ path: `${path}.${wordOf(node)}`, text: '', source })
  } else if (node === null || isScalar(node) || isMap(node) || isSeq(node)) {
    into.entries.push({ path, text: isScalar(node) ? wordOf(node) : '', source })
  } else {
    into.problems.push({ source, code: 'not-a-value', values: { key: excerpt(path) } })
  }
}

/** A scalar as distribution's YAML reads it where it matters: null is nothing, `yes` and `on` are true. */
function wordOf({ value, type }: { readonly value: unknown; readonly type?: string | undefined }): string {
  const text = String(value)
  if (type !== 'PLAIN') return text
  if (/^(?:~|null)$/i.test(text)) return ''
  if (/^(?:y|yes|on|true)$/i.test(text)) return 'true'
  return /^(?:n|no|off|false)$/i.test(text) ? 'false' : text
}
