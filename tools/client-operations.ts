/** As much of JSON Schema as openapi.json has. */
interface JsonSchema {
  readonly $ref?: string
  readonly type?: string | readonly string[]
  readonly enum?: readonly unknown[]
  readonly const?: unknown
  readonly items?: JsonSchema
  readonly properties?: Readonly<Record<string, JsonSchema>>
  readonly required?: readonly string[]
  readonly anyOf?: readonly JsonSchema[]
  readonly additionalProperties?: unknown
}

interface Operation {
  readonly operationId: string
  readonly parameters?: readonly { readonly name: string; readonly in: string; readonly required?: boolean; readonly schema: JsonSchema }[]
  readonly requestBody?: { readonly content: Content }
  readonly responses: Readonly<Record<string, { readonly content?: Content }>>
}

type Content = Readonly<Record<string, { readonly schema: JsonSchema }>>

/** The parts of openapi.json that the client is made from. */
export interface ApiDocument {
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>
  readonly components?: { readonly schemas?: Readonly<Record<string, JsonSchema>> }
}

/** src/client/operations.ts: what every operation takes and gives, and where it is. */
export function writeOperations({ paths, components }: ApiDocument): string {
  const found = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]) => ({ path, method: method.toUpperCase(), operation })),
  ).filter(({ operation }) => !isStream(operation))
  const schemas = Object.entries(components?.schemas ?? {})
  return [
    '// Written by `bun tools/openapi.ts` from docs/openapi.json.',
    '',
    ...schemas.map(([name, schema]) => `export type ${name} = ${typeOf(schema, '')}\n`),
    '/** What every operation takes and gives. */',
    'export interface Operations {',
    ...found.map(({ operation }) => `  readonly ${operation.operationId}: {\n${partsOf(operation)}  }`),
    '}',
    '',
    '/** Where every operation is. */',
    'export const operations = {',
    ...found.map(({ operation, method, path }) => `  ${operation.operationId}: { method: '${method}', path: '${path}' },`),
    '} as const',
    '',
    'export type OperationId = keyof typeof operations',
    '',
  ].join('\n')
}

/** Answers that go on are read by other means. */
function isStream({ responses }: Operation): boolean {
  return Object.values(responses).some(({ content }) => content !== undefined && 'text/event-stream' in content)
}

function partsOf(operation: Operation): string {
  const { parameters = [], requestBody, responses } = operation
  const given = (place: string) => parameters.filter((each) => each.in === place)
  const lines: string[] = []
  if (given('path').length > 0) lines.push(`readonly params: ${members(given('path'), '    ')}`)
  if (given('query').length > 0) lines.push(`readonly query?: ${members(given('query'), '    ')}`)
  if (requestBody !== undefined) lines.push(`readonly body: ${typeOf(schemaOf(requestBody.content), '    ')}`)
  const success = Object.entries(responses).find(([status]) => status.startsWith('2'))?.[1]
  lines.push(`readonly reply: ${success?.content === undefined ? 'undefined' : typeOf(schemaOf(success.content), '    ')}`)
  return lines.map((line) => `    ${line}\n`).join('')
}

function members(parameters: NonNullable<Operation['parameters']>, indent: string): string {
  const required = parameters.filter((each) => each.required === true).map(({ name }) => name)
  return objectOf({ properties: Object.fromEntries(parameters.map(({ name, schema }) => [name, schema])), required }, indent)
}

function schemaOf(content: Content): JsonSchema {
  const schema = Object.values(content)[0]?.schema
  if (schema === undefined) throw new Error('a body without a schema')
  return schema
}

function typeOf(schema: JsonSchema, indent: string): string {
  const { $ref, type, anyOf, items } = schema
  if ($ref !== undefined) return $ref.slice($ref.lastIndexOf('/') + 1)
  if (schema.const !== undefined) return literal(schema.const)
  if (schema.enum !== undefined) return schema.enum.map(literal).join(' | ')
  if (anyOf !== undefined) return anyOf.map((each) => typeOf(each, indent)).join(' | ')
  if (typeof type === 'object') return type.map((each) => typeOf({ ...schema, type: each }, indent)).join(' | ')
  if (type === 'object' && schema.properties === undefined && schema.additionalProperties !== undefined) return '{ readonly [name: string]: unknown }'
  if (type === 'object') return objectOf(schema, indent)
  if (type === 'array') return `readonly ${bracketed(typeOf(items ?? {}, indent))}[]`
  if (type === 'integer') return 'number'
  if (type === 'string' || type === 'number' || type === 'boolean' || type === 'null') return type
  throw new Error(`no TypeScript for ${JSON.stringify(schema)}`)
}

const literal = (value: unknown): string => (typeof value === 'string' ? `'${value.replaceAll("'", "\\'")}'` : JSON.stringify(value))

function bracketed(type: string): string {
  return type.includes(' | ') ? `(${type})` : type
}

function objectOf({ properties = {}, required = [] }: JsonSchema, indent: string): string {
  const inner = `${indent}  `
  const lines = Object.entries(properties).map(([name, schema]) => {
    const optional = !required.includes(name)
    return `${inner}readonly ${name}${optional ? '?' : ''}: ${typeOf(schema, inner)}${optional ? ' | undefined' : ''}\n`
  })
  return `{\n${lines.join('')}${indent}}`
}
