import { parseSync, type Program, Visitor } from 'oxc-parser'
import { dirname, join, normalize } from 'node:path'

/** What the rules look at in one file. Paths are relative to the repository, with forward slashes. */
export interface Source {
  readonly path: string
  readonly imports: readonly Import[]
  /** What the file names of its surroundings, as written: `Date.now`, `fetch()`, `new Response`, `node:crypto.randomUUID`. */
  readonly uses: readonly Found[]
  /** Text of string and template literals; a template's values are left out. */
  readonly strings: readonly Found[]
  readonly interfaces: readonly (Found & { readonly methods: number })[]
}

export interface Found {
  readonly text: string
  readonly line: number
}

/** Of a file of ours, as a path in the repository, or of a package, as it is written. */
export type Import = { readonly line: number; readonly typesOnly: boolean } & ({ readonly file: string } | { readonly package: string })

interface Literal {
  readonly start: number
  readonly value: unknown
}

interface Importing {
  readonly source: unknown
  readonly importKind?: 'type' | 'value'
  readonly exportKind?: 'type' | 'value'
}

export function readSource(path: string, text: string): Source {
  const { program, errors } = parseSync(path, text)
  const [error] = errors
  if (error !== undefined) throw new Error(`${path}: ${error.message}`)
  const lineAt = (offset: number) => text.slice(0, offset).split('\n').length
  const at = (found: string, offset: number) => ({ text: found, line: lineAt(offset) })
  return {
    path,
    imports: findImports(program).map(({ literal: { value, start }, typesOnly }) => ({
      ...resolve(path, String(value)),
      line: lineAt(start),
      typesOnly,
    })),
    uses: findUses(program).map(([found, offset]) => at(found, offset)),
    strings: findStrings(program).map(([found, offset]) => at(found, offset)),
    interfaces: findInterfaces(program).map(([name, offset, methods]) => ({ ...at(name, offset), methods })),
  }
}

/** Imports and re-exports, of types too, and `import()` of a literal. */
function findImports(program: Program): { literal: Literal; typesOnly: boolean }[] {
  const found: { literal: Literal; typesOnly: boolean }[] = []
  const add = ({ source, importKind, exportKind }: Importing) => {
    if (isLiteral(source)) found.push({ literal: source, typesOnly: (importKind ?? exportKind) === 'type' })
  }
  new Visitor({
    ImportDeclaration: add,
    ImportExpression: add,
    ExportAllDeclaration: add,
    ExportNamedDeclaration: add,
    TSImportType: add,
  }).visit(program)
  return found
}

function findUses(program: Program): [string, number][] {
  const found: [string, number][] = []
  new Visitor({
    ImportDeclaration({ source, specifiers, start }) {
      for (const specifier of specifiers) {
        const name = specifier.type === 'ImportSpecifier' && 'name' in specifier.imported ? specifier.imported.name : 'default'
        found.push([`${source.value}.${name}`, start])
      }
    },
    MemberExpression({ object, property, computed, start }) {
      if (object.type !== 'Identifier') return
      const name = !computed && property.type === 'Identifier' ? property.name : isLiteral(property) ? String(property.value) : '?'
      if (object.name === 'globalThis') found.push([`${name}()`, start], [name, start])
      else found.push([`${object.name}.${name}`, start])
    },
    CallExpression({ callee, start }) {
      if (callee.type === 'Identifier') found.push([`${callee.name}()`, start])
    },
    NewExpression({ callee, arguments: values, start }) {
      if (callee.type === 'Identifier') found.push([`new ${callee.name}`, start])
      if (callee.type === 'Identifier' && values.length === 0) found.push([`new ${callee.name}()`, start])
    },
  }).visit(program)
  return found
}

function findStrings(program: Program): [string, number][] {
  const found: [string, number][] = []
  new Visitor({
    Literal(literal) {
      if (typeof literal.value === 'string') found.push([literal.value, literal.start])
    },
    TemplateLiteral({ quasis, start }) {
      found.push([quasis.map(({ value }) => value.raw).join('?'), start])
    },
  }).visit(program)
  return found
}

function findInterfaces(program: Program): [string, number, number][] {
  const found: [string, number, number][] = []
  new Visitor({
    TSInterfaceDeclaration({ id, body, start }) {
      const methods = body.body.filter(
        (member) =>
          member.type === 'TSMethodSignature' ||
          (member.type === 'TSPropertySignature' && member.typeAnnotation?.typeAnnotation.type === 'TSFunctionType'),
      )
      found.push([id.name, start, methods.length])
    },
  }).visit(program)
  return found
}

function isLiteral(node: unknown): node is Literal {
  return typeof node === 'object' && node !== null && 'type' in node && node.type === 'Literal'
}

function resolve(from: string, specifier: string): { file: string } | { package: string } {
  if (specifier.startsWith('.')) return { file: normalize(join(dirname(from), specifier)) }
  const parts = specifier.split('/')
  return { package: specifier.startsWith('@') ? parts.slice(0, 2).join('/') : specifier.includes(':') ? specifier : (parts[0] ?? '') }
}
