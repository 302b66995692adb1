import type { OperationDefinition } from '../../packages/server/src/http/operation.ts'
import { contract } from '../support/contract.ts'

type Json = Record<string, unknown>

const isRecord = (value: unknown): value is Json =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const resolve = (value: unknown): Json => {
  if (!isRecord(value)) throw new Error('the contract has something else than an object here')
  if (typeof value.$ref !== 'string') return value
  let found: unknown = contract
  for (const part of value.$ref.split('/').slice(1)) found = isRecord(found) ? found[part] : undefined
  return resolve(found)
}

/** A value that the schema takes: of the world's ids by name, else the contract's own example. */
function sample(name: string, given: unknown, ids: Readonly<Record<string, string>>): unknown {
  const own = ids[name]
  if (own !== undefined) return own
  const schema = resolve(given)
  if (Array.isArray(schema.examples) && schema.examples.length > 0) return schema.examples[0]
  if (schema.example !== undefined) return schema.example
  if (schema.default !== undefined) return schema.default
  if (Array.isArray(schema.enum)) return schema.enum[0]
  if (schema.type === 'integer') return schema.minimum ?? 1
  throw new Error(`the contract gives no example of ${name}`)
}

/** The example with the world's ids where a property is named like one. */
function withIds(value: unknown, ids: Readonly<Record<string, string>>): unknown {
  if (Array.isArray(value)) return value.map((item) => withIds(item, ids))
  if (!isRecord(value)) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => {
      const own = ids[name] ?? (name.endsWith('_ids') ? ids[name.slice(0, -1)] : undefined)
      if (own === undefined) return [name, withIds(part, ids)]
      return [name, Array.isArray(part) ? [own] : own]
    }),
  )
}

const parametersOf = ({ method, path }: Pick<OperationDefinition, 'method' | 'path'>): Json[] => {
  const item = contract.paths[path] as unknown as Json
  return [item.parameters, resolve(item[method.toLowerCase()]).parameters].flat().filter(Boolean).map(resolve)
}

/** Whether the calls made here name their organization in the query. */
export const namesOrganization = (operation: OperationDefinition): boolean =>
  parametersOf(operation).some(({ in: place, name }) => place === 'query' && name === 'organization_id')

const withQuery = (url: string, query: URLSearchParams): string => (query.size > 0 ? `${url}?${query}` : url)

/**
 * A valid call of an operation, made from the contract: what it needs, and the organization where one may be named.
 * @param everything also each optional parameter and property that is named like one of the ids
 */
export function requestOf(
  { method, path }: OperationDefinition,
  ids: Readonly<Record<string, string>>,
  everything = false,
): { url: string; init: RequestInit } {
  const item = contract.paths[path] as unknown as Json
  const operation = resolve(item[method.toLowerCase()])
  const parameters = parametersOf({ method, path })
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  let url = path
  for (const { name: raw, in: place, required, schema } of parameters) {
    const name = String(raw)
    const named = place === 'query' && name in ids && (everything || name === 'organization_id')
    if (required !== true && !named) continue
    const value = String(sample(name, schema, ids))
    if (place === 'path') url = url.replace(`{${name}}`, encodeURIComponent(value))
    else if (place === 'query') query.set(name, value)
    else headers[name] = value
  }
  const init: RequestInit = { method, headers }
  if (operation.requestBody !== undefined) {
    const [[type = '', content] = []] = Object.entries(resolve(resolve(operation.requestBody).content))
    headers['content-type'] = type
    // A file: any bytes will do.
    if (!type.endsWith('json')) return { url: withQuery(url, query), init: { ...init, body: 'bytes' } }
    const { schema } = resolve(content)
    const example = sample('body', schema, {})
    const declared = Object.keys(resolve(resolve(schema).properties ?? {}))
    const optional = everything && isRecord(example) ? declared.filter((name) => name in ids) : []
    const named = Object.fromEntries(optional.map((name) => [name, ids[name]]))
    init.body = JSON.stringify(withIds(isRecord(example) ? { ...named, ...example } : example, ids))
  }
  return { url: withQuery(url, query), init }
}
