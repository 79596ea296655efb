import { excerpt, nearest } from '../../lib/index.ts'
import { keys } from '../keys.ts'
import type { Problem } from '../problem.ts'
import { createLayer, type Layer, type MutableLayer } from '../setting.ts'
import type { YamlText } from '../yaml-text.ts'
import { collectEntries, type Entry, variablePrefix } from './entries.ts'
import { type DistributionKey, distributionKeys } from './keys.ts'

/** What distribution's configuration gives here, and what is to be said about the rest of it. */
export interface DistributionLayer extends Layer {
  readonly warnings: readonly Problem[]
}

/**
 * Reads distribution's `config.yml`, when there is one, and its variables, by one table.
 * @param variables those that begin with `REGISTRY_`
 */
export function distributionLayer(file: YamlText | undefined, variables: ReadonlyMap<string, string>): DistributionLayer {
  const layer = createLayer()
  const warnings: Problem[] = []
  const { entries, problems } = collectEntries(file, variables)
  for (const problem of problems) layer.report(problem)
  const found = new Map<DistributionKey, Entry[]>()
  for (const entry of entries) {
    const key = keyOf(entry.path)
    // `auth:` with nothing below it is no section for distribution either; `auth.htpasswd:` is one.
    if (entry.text === '' && entry.path === key?.path && !entry.path.includes('.')) continue
    if (key !== undefined) found.set(key, [...(found.get(key) ?? []), entry])
    else judgeUnknown(entry, layer, warnings)
  }
  for (const key of distributionKeys) apply(key, found.get(key) ?? [], { layer, warnings, wholeFile: file })
  return { settings: layer.settings, problems: layer.problems, warnings }
}

interface Outcome {
  readonly layer: MutableLayer
  readonly warnings: Problem[]
  readonly wholeFile: YamlText | undefined
}

/** One line for a section, however many keys of it are given: they all have the same answer. */
function apply(key: DistributionKey, entries: readonly Entry[], { layer, warnings, wholeFile }: Outcome): void {
  if (key.fate === 'sets') {
    for (const entry of entries) set(key, entry, layer)
    return
  }
  const odd = entries.find(({ text }) => !key.same.includes(text.toLowerCase()))
  const values = { key: key.path }
  if (odd !== undefined) {
    const code = key.fate === 'refused' ? 'refused-key' : 'ignored-key'
    const problem: Problem = { source: odd.source, code, values, text: key.text }
    if (key.fate === 'refused') layer.report(problem)
    else warnings.push(problem)
  } else if (entries.length === 0 && wholeFile !== undefined && key.absent !== undefined) {
    warnings.push({ source: wholeFile.sourceAt(), code: 'absent-key', values, text: key.absent })
  }
}

function set(key: DistributionKey & { readonly fate: 'sets' }, { text, source }: Entry, layer: MutableLayer): void {
  const value = text === '' ? null : key.read(text)
  if (value === undefined) {
    layer.report({ source, code: 'not-distributions', values: { key: key.path, value: excerpt(text) } })
  } else if (value !== null && !layer.settings.has(key.sets)) {
    const own = keys.find(({ path }) => path === key.sets)
    if (own === undefined) throw new Error(`the table of distribution's keys names ${key.sets}, which is no key`)
    layer.add({ key: own, text: value, source, file: false })
  }
}

const byPath = new Map(distributionKeys.map((key) => [key.path, key]))

/** The row of a path: its own, or that of the nearest section around it. */
function keyOf(path: string): DistributionKey | undefined {
  const own = byPath.get(path)
  for (let end = path.length; own === undefined && end > 0; end = path.lastIndexOf('.', end - 1)) {
    const around = byPath.get(path.slice(0, end))
    if (around?.section) return around
  }
  return own
}

/** Everything that may stand before a dot. */
const groups = new Set(distributionKeys.flatMap(({ path }) => [...path.matchAll(/\./g)].map(({ index }) => path.slice(0, index))))
const candidates = [...byPath.keys(), ...groups]
const sections = new Set(candidates.map((path) => path.split('.')[0] ?? ''))

function judgeUnknown({ path, text, source }: Entry, layer: MutableLayer, warnings: Problem[]): void {
  if (path === 'version') {
    if (text !== '0.1') layer.report({ source, code: 'not-version', values: { value: excerpt(text) } })
  } else if (groups.has(path)) {
    if (text !== '') layer.report({ source, code: 'not-a-group', values: { key: path } })
  } else if (source.kind !== 'environment') {
    layer.report({ source, code: 'unknown-key', values: { key: excerpt(path), nearest: nearest(path, candidates) ?? '' } })
  } else {
    const like = likeVariable(path)
    if (like === undefined) warnings.push({ source, code: 'foreign-variable', values: {} })
    else layer.report({ source, code: 'unknown-variable', values: { nearest: like } })
  }
}

/**
 * What a variable that is none of distribution's was meant to be, `''` for anything in that section. Absent when it is somebody
 * else's, as REGISTRY_URL, REGISTRY_TAG and REGISTRY_PASSWORD are in many a build.
 */
function likeVariable(path: string): string | undefined {
  const like = nearest(path, byPath.keys())
  if (like !== undefined) return variableOf(like)
  const [section = '', ...rest] = path.split('.')
  if (rest.length === 0 || section.length < 4) return sections.has(section) ? '' : undefined
  const around = nearest(section, sections)
  if (around === undefined) return undefined
  return around === section ? '' : variableOf(around)
}

/** `http.addr` is REGISTRY_HTTP_ADDR. */
export function variableOf(path: string): string {
  return `${variablePrefix}${path.toUpperCase().replaceAll('.', '_')}`
}
