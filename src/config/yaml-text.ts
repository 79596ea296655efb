import { isScalar, LineCounter, type Node, parseDocument, type YAMLError } from 'yaml'
import type { Problem, Source } from './problem.ts'

/** Syntax errors follow from each other: the first few say it all. */
const mostSyntaxErrors = 5

/** A text of YAML, or what is wrong with it. Nothing in it is taken for a number or the like, and no alias is expanded. */
export interface YamlText {
  /** Null when there are problems. */
  readonly root: Node | null
  readonly problems: readonly Problem[]
  /** The place of a node, by where it begins. */
  readonly sourceAt: (offset?: number) => Source
}

/**
 * Parses YAML by its failsafe schema: every scalar is the text that stands there.
 * @param sourceAtLine the place of a line, counted from 1
 */
export function parseYaml(text: string, sourceAtLine: (line: number) => Source): YamlText {
  const lines = new LineCounter()
  const options = { schema: 'failsafe', stringKeys: true, prettyErrors: false, logLevel: 'error', lineCounter: lines } as const
  const document = parseDocument(text, options)
  const sourceAt = (offset = 0): Source => sourceAtLine(lines.linePos(offset).line)
  const faults = [...document.errors, ...document.warnings].slice(0, mostSyntaxErrors)
  const problems = faults.map((fault): Problem => {
    return { source: sourceAt(fault.pos[0]), code: 'not-yaml', values: { reason: reasonOf(fault) } }
  })
  return { root: faults.length > 0 ? null : document.contents, problems, sourceAt }
}

const longestReason = 200

/** Some of the parser's messages go on with a piece of the file, and that may be a password; others quote a tag of any length. */
function reasonOf({ code, message }: YAMLError): string {
  const reason = code === 'UNEXPECTED_TOKEN' || code === 'TAG_RESOLVE_FAILED' ? message.replace(/: .*/s, '') : message
  return reason.length <= longestReason ? reason : `${reason.slice(0, longestReason)}…`
}

/** Nothing stands there: the whole file is comments, or every key of a group is commented out. */
export function isEmpty(node: Node | null): boolean {
  return node === null || (isScalar(node) && node.value === '')
}
