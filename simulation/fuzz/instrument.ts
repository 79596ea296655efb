import { parseSync, Visitor, type VisitorObject } from 'oxc-parser'

/** A source file that counts which parts of it ran. */
export interface Instrumented {
  readonly text: string
  /** How many counters it has. */
  readonly counters: number
  /** The strings, numbers and characters that stand in it: what a comparison wants can often be guessed from them. */
  readonly words: readonly string[]
}

/** Where the counters are while a module runs. */
export const countersName = '__ran'

interface Insertion {
  readonly at: number
  readonly text: string
  /** How long the node is, negative where it begins: at one place outer nodes open first and close last. */
  readonly order: number
}

interface Span {
  readonly start: number
  readonly end: number
  readonly type: string
}

/** Puts a counter into every function, branch, loop, case, arm of `?:` and right side of `&&`, `||` and `??`. */
export function instrument(path: string, source: string, first: number): Instrumented {
  const { program, errors } = parseSync(path, source)
  if (errors[0] !== undefined) throw new Error(`${path}: ${errors[0].message}`)
  const notes = createNotes(first)
  new Visitor({ ...visitBranches(notes), ...visitWords(notes) }).visit(program)
  return { text: apply(source, notes.insertions), counters: notes.counters(), words: [...notes.words] }
}

interface Notes {
  readonly insertions: Insertion[]
  readonly words: Set<string>
  readonly counters: () => number
  /** The text of a new counter. */
  readonly count: () => string
  readonly insert: (at: number, text: string, order: number) => void
  /** A counter before an expression. */
  readonly wrap: (node: Span) => void
  /** A counter where a node begins that is executed: a block, one statement or an expression. */
  readonly enter: (node: Span | null | undefined) => void
}

function createNotes(first: number): Notes {
  const insertions: Insertion[] = []
  let next = first
  const notes: Notes = {
    insertions,
    words: new Set(),
    counters: () => next - first,
    count: () => `${countersName}[${next++}]++`,
    insert: (at, text, order) => void insertions.push({ at, text, order }),
    wrap({ start, end }) {
      notes.insert(start, `(${notes.count()},(`, start - end)
      notes.insert(end, '))', end - start)
    },
    enter(node) {
      if (node === null || node === undefined) return
      const { start, end, type } = node
      if (type === 'BlockStatement' || type === 'FunctionBody') notes.insert(start + 1, `${notes.count()};`, start - end)
      else if (type.endsWith('Statement')) {
        notes.insert(start, `{${notes.count()};`, start - end)
        notes.insert(end, '}', end - start)
      } else notes.wrap(node)
    },
  }
  return notes
}

function visitBranches({ count, insert, wrap, enter }: Notes): VisitorObject {
  return {
    FunctionDeclaration: ({ body }) => enter(body),
    FunctionExpression: ({ body }) => enter(body),
    ArrowFunctionExpression: ({ body }) => enter(body),
    IfStatement: ({ consequent, alternate, start, end }) => {
      enter(consequent)
      // Inside of what is put around the statement itself.
      if (alternate === null) insert(end, ` else ${count()};`, end - start - 0.5)
      else enter(alternate)
    },
    ForStatement: ({ body }) => enter(body),
    ForOfStatement: ({ body }) => enter(body),
    ForInStatement: ({ body }) => enter(body),
    WhileStatement: ({ body }) => enter(body),
    DoWhileStatement: ({ body }) => enter(body),
    CatchClause: ({ body }) => enter(body),
    SwitchCase: ({ consequent }) => {
      if (consequent[0] !== undefined) insert(consequent[0].start, `${count()};`, Number.MIN_SAFE_INTEGER)
    },
    ConditionalExpression: ({ consequent, alternate }) => {
      wrap(consequent)
      wrap(alternate)
    },
    LogicalExpression: ({ right }) => wrap(right),
  }
}

function visitWords({ words }: Notes): VisitorObject {
  const word = (text: string): void => {
    if (text !== '' && text.length <= 64) words.add(text)
  }
  return {
    Literal: ({ value }) => {
      if (typeof value === 'string' || typeof value === 'number') word(String(value))
      // A character that is compared by its number.
      if (typeof value === 'number' && Number.isInteger(value) && value >= 0x20 && value < 0x7f) word(String.fromCharCode(value))
    },
    TemplateElement: ({ value }) => word(value.cooked ?? ''),
  }
}

/** At one place everything closes before anything opens. */
function apply(source: string, insertions: readonly Insertion[]): string {
  const opens = ({ order }: Insertion): number => (order < 0 ? 1 : 0)
  const sorted = insertions.toSorted((a, b) => a.at - b.at || opens(a) - opens(b) || a.order - b.order)
  let text = `const ${countersName} = globalThis.${countersName};`
  let at = 0
  for (const insertion of sorted) {
    text += source.slice(at, insertion.at) + insertion.text
    at = insertion.at
  }
  return text + source.slice(at)
}
