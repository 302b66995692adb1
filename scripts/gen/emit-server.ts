/** Emits the server's side: types, operation table with gates, Handlers, problem catalogue, JSON schemas. */
import openapiTypescript, { astToString } from 'openapi-typescript'
import { type Contract, isObject, isPage, type Json, type JsonObject, type Operation } from './contract.ts'

export const banner = '// Generated from openapi.yaml by `npm run gen`. Never edit.\n\n'

export const pascal = (text: string): string =>
  text.replace(/(^|[-_])([a-z])/g, (_, _dash: string, letter: string) => letter.toUpperCase())

const json = (value: unknown): string => JSON.stringify(value)

/** TypeScript of the whole contract; on the server a property with a default is always there. */
export async function emitTypes(document: JsonObject, defaultNonNullable: boolean): Promise<string> {
  // openapi-typescript takes the document as its own type; ours was just parsed from JSON.
  const source = structuredClone(document) as unknown as Parameters<typeof openapiTypescript>[0]
  const ast = await openapiTypescript(source, { defaultNonNullable, emptyObjectsUnknown: true })
  return banner + astToString(ast)
}

const codesOf = (operation: Operation): string[] => [
  ...new Set(operation.problems.flatMap(({ codes }) => codes)),
]

export function emitOperations({ operations }: Contract): string {
  const rows = operations.map((operation) => {
    const x = operation.extensions
    const gates = {
      access: x['x-access'],
      tenancy: x['x-tenancy'],
      audit: x['x-audit'],
      phi: x['x-phi'],
      idempotent: x['x-idempotent'],
      rateLimit: x['x-rate-limit'],
      impersonation: x['x-impersonation'],
      consent: x['x-consent'],
      mfa: x['x-mfa'],
      stepUp: x['x-step-up'] ?? false,
      subscription: x['x-subscription'] ?? 'exempt',
      stream: x['x-stream'] !== undefined,
      writes: x['x-writes'] ?? operation.method !== 'GET',
      groupCommit: x['x-group-commit'] ?? false,
      rawBody: x['x-raw-body'] ?? false,
    }
    return `  ${operation.id}: {
    id: ${json(operation.id)},
    tag: ${json(operation.tag)},
    method: ${json(operation.method)},
    path: ${json(operation.path)},
    status: ${operation.success.status},
    contentType: ${json(operation.success.contentType ?? null)},
    forms: ${json(operation.success.forms)},
    bodyType: ${json(operation.bodyType ?? null)},
    etag: ${operation.success.headers.includes('ETag')},
    paged: ${operation.method === 'GET' && operation.extensions['x-writes'] !== true && isPage(operation)},
    codes: ${json(codesOf(operation))},
    gates: ${json(gates)},
  },`
  })
  return `${banner}import type { OperationDefinition } from '../http/operation.ts'

/** Every operation of the contract with its gates. */
export const operations = {
${rows.join('\n')}
} as const satisfies Record<string, OperationDefinition>

export type OperationId = keyof typeof operations

/** The problem codes that an operation declares. */
export type CodeOf<Op extends OperationId> = (typeof operations)[Op]['codes'][number]

/** Query parameters that the contract gives a default: always present in a handler. */
export interface DefaultedQuery {
${operations
  .map((operation) => {
    const names = operation.parameters.filter(
      ({ in: place, schema }) => place === 'query' && 'default' in schema,
    )
    return `  ${operation.id}: ${names.map(({ name }) => json(name)).join(' | ') || 'never'}`
  })
  .join('\n')}
}
`
}

export function emitHandlers({ operations }: Contract): string {
  const tags = [...new Set(operations.map(({ tag }) => tag))]
  const interfaces = tags.map((tag) => {
    const lines = operations
      .filter((operation) => operation.tag === tag)
      .map(({ id, summary }) => `  /** ${summary}. */\n  ${id}: Handler<'${id}'>`)
    return `export interface ${pascal(tag)}Handlers {\n${lines.join('\n')}\n}`
  })
  return `${banner}import type { Handler } from '../http/handler.ts'

${interfaces.join('\n\n')}

/** One handler per operation: a missing, extra or mistyped one fails to compile. */
export type Handlers = ${tags.map((tag) => `${pascal(tag)}Handlers`).join(' &\n  ')}
`
}

export function emitProblems({ catalogue }: Contract): string {
  const rows = Object.entries(catalogue).map(
    ([code, [status, title]]) => `  ${code}: { status: ${status}, title: ${json(title)} },`,
  )
  return `${banner}/** The error catalogue: code → HTTP status and title. */
export const catalogue = {
${rows.join('\n')}
} as const

export type ProblemCode = keyof typeof catalogue
`
}

const strip = (value: Json): Json => {
  if (Array.isArray(value)) return value.map(strip)
  if (!isObject(value)) return value
  return Object.fromEntries(
    Object.entries(value)
      // \`discriminator\` makes ajv and the serializer choose by mapping names that dereferencing removed.
      .filter(
        ([key]) =>
          !['discriminator', 'description', 'examples', 'example'].includes(key) && !key.startsWith('x-'),
      )
      .map(([key, part]) => [
        key,
        key === 'properties' && isObject(part) ? stripProperties(part) : strip(part),
      ]),
  )
}

// A property may itself be called "description".
const stripProperties = (properties: JsonObject): JsonObject =>
  Object.fromEntries(Object.entries(properties).map(([name, schema]) => [name, strip(schema)]))

const place = (operation: Operation, where: 'path' | 'query' | 'header'): JsonObject | null => {
  const parameters = operation.parameters.filter((parameter) => parameter.in === where)
  if (where !== 'query' && parameters.length === 0) return null
  const name = (parameter: { name: string }) =>
    where === 'header' ? parameter.name.toLowerCase() : parameter.name
  return {
    type: 'object',
    additionalProperties: where === 'header',
    required: parameters.filter(({ required }) => required).map(name),
    properties: Object.fromEntries(parameters.map((parameter) => [name(parameter), strip(parameter.schema)])),
  }
}

/** Request and response schemas per operation, dereferenced: what ajv and the serializer compile. */
export function emitSchemas({ operations }: Contract): string {
  const table = Object.fromEntries(
    operations.map((operation) => [
      operation.id,
      {
        params: place(operation, 'path'),
        query: place(operation, 'query'),
        headers: place(operation, 'header'),
        body: operation.body && !operation.extensions['x-raw-body'] ? strip(operation.body) : null,
        response:
          operation.success.schema && operation.success.contentType === 'application/json'
            ? strip(operation.success.schema)
            : null,
      },
    ]),
  )
  return `${JSON.stringify(table, null, 1)}\n`
}
