import { closeSync, openSync, readSync } from 'node:fs'
import { isMap, isScalar, LineCounter, type Node, type Pair, parseDocument, type YAMLError, type YAMLMap } from 'yaml'
import { excerpt, nearest } from '../lib/index.ts'
import { fileSuffix, groups, indexKeys } from './keys.ts'
import type { Problem, ProblemCode, Source } from './problem.ts'
import { createLayer, type Layer, type MutableLayer } from './setting.ts'

/** Every key with a long comment takes less than 8 KiB. What parsing costs grows with the square of a hostile file's length. */
export const largestFile = 64 * 1024

/** Syntax errors follow from each other: the first few say it all. */
const mostSyntaxErrors = 5

/**
 * Reads at most `limit` bytes of text.
 * @throws the file system's error; RangeError when there is more; TypeError when it is not UTF-8
 */
export function readText(path: string, limit: number): string {
  const buffer = Buffer.alloc(limit + 1)
  const file = openSync(path, 'r')
  let length = 0
  try {
    for (let read = -1; read !== 0 && length <= limit; length += read) {
      read = readSync(file, buffer, length, buffer.length - length, null)
    }
  } finally {
    closeSync(file)
  }
  if (length > limit) throw new RangeError(`more than ${limit} bytes`)
  return new TextDecoder('utf-8', { fatal: true }).decode(buffer.subarray(0, length))
}

/**
 * Reads the settings of a `berth.yaml`. Every scalar is taken as the text that stands there (YAML's failsafe schema), so that a
 * value means the same in the file, in a variable and in a flag.
 * @param path the file as messages name it
 */
export function fileLayer(path: string, text: string): Layer {
  const layer = createLayer()
  const lines = new LineCounter()
  const options = { schema: 'failsafe', stringKeys: true, prettyErrors: false, logLevel: 'error', lineCounter: lines } as const
  const document = parseDocument(text, options)
  const sourceAt = (offset = 0) => ({ kind: 'file', path, line: lines.linePos(offset).line }) as const

  const faults = [...document.errors, ...document.warnings]
  for (const fault of faults.slice(0, mostSyntaxErrors)) {
    layer.report({ source: sourceAt(fault.pos[0]), code: 'not-yaml', values: { reason: reasonOf(fault) } })
  }
  const root = document.contents
  if (faults.length > 0 || isEmpty(root)) return layer
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

/** Some of the parser's messages go on with a piece of the file, and that may be a password. */
function reasonOf({ code, message }: YAMLError): string {
  return code === 'UNEXPECTED_TOKEN' || code === 'TAG_RESOLVE_FAILED' ? message.replace(/: .*/s, '') : message
}

const known = indexKeys((key) => key.path, fileSuffix)
const candidates = [...known.keys(), ...groups]

/** Nothing stands there: the whole file is comments, or every key of a group is commented out. */
function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === '')
}
