import { isMap, isScalar, type Node, type Pair, type YAMLMap } from 'yaml'
import { excerpt, nearest } from '../lib/index.ts'
import { fileSuffix, groups, indexKeys } from './keys.ts'
import type { Problem, ProblemCode, Source } from './problem.ts'
import { createLayer, type Layer, type MutableLayer } from './setting.ts'
import { isEmpty, type YamlText } from './yaml-text.ts'

/**
 * Reads the settings of a `berth.yaml`. Every scalar is taken as the text that stands there, so that a value means the same in
 * the file, in a variable and in a flag.
 * @param path the file as messages name it
 */
export function fileLayer(path: string, { root, problems, sourceAt }: YamlText): Layer {
  const layer = createLayer()
  for (const problem of problems) layer.report(problem)
  if (problems.length > 0 || isEmpty(root)) return layer
  if (isMap(root)) readGroup(root, '', layer, sourceAt)
  else layer.report({ source: sourceAt(root?.range?.[0]), code: 'not-a-group', values: { key: path } })
  return layer
}

/** An alias is not a scalar and not a map: it is refused where it stands, so nothing is ever expanded. */
function readGroup(map: YAMLMap, prefix: string, layer: MutableLayer, sourceAt: (offset?: number) => Source): void {
  for (const { key, value } of map.items as Pair<Node, Node | null>[]) {
    const path = prefix + String(key)
    const source = sourceAt(key.range?.[0])
    const report = (code: ProblemCode, values?: Problem['values']) => {
      layer.report({ source, code, values: { key: excerpt(path), ...values } })
    }
    const match = known.get(path)
    if (match !== undefined) {
      if (isScalar(value)) layer.add({ ...match, text: String(value.value), source })
      else report('not-a-value')
    } else if (prefix === '' && groups.has(path)) {
      if (isMap(value)) readGroup(value, `${path}.`, layer, sourceAt)
      else if (!isEmpty(value)) report('not-a-group')
    } else report('unknown-key', { nearest: nearest(path, candidates) ?? '' })
  }
}

const known = indexKeys((key) => key.path, fileSuffix)
const candidates = [...known.keys(), ...groups]
