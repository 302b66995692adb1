/** Reads the contract: bundles it, checks the extensions, and lists its operations. */
import { existsSync, readFileSync } from 'node:fs'
import { dereference } from '@apidevtools/json-schema-ref-parser'
import { bundle, createConfig } from '@redocly/openapi-core'
import { operationExtensions, otherExtensions } from './extensions.ts'

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }
export type JsonObject = { [key: string]: Json }

export interface Parameter {
  name: string
  in: 'path' | 'query' | 'header'
  required: boolean
  schema: JsonObject
}

export interface Operation {
  id: string
  tag: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  path: string
  summary: string
  description: string
  /** Undefined for what is only reached by links that the server makes. */
  sdk: { resource: string; method: string } | undefined
  extensions: JsonObject
  parameters: Parameter[]
  /** The schema of a JSON body. */
  body: JsonObject | undefined
  bodyType: string | undefined
  success: {
    status: number
    contentType: string | undefined
    /** Further media types that the caller's Accept may ask for instead of JSON. */
    forms: string[]
    schema: JsonObject | undefined
    headers: string[]
  }
  problems: { status: number; codes: string[] }[]
}

export interface Contract {
  /** The bundled document, `$ref`s kept. */
  document: JsonObject
  operations: Operation[]
  /** code → [status, title] */
  catalogue: Record<string, [number, string]>
}

/** A fault of the contract, for its author to read. */
export class ContractError extends Error {}

const JSON_TYPE = 'application/json'
/** The one other type of a body: a file, read as it comes. */
const FILE_TYPE = 'application/octet-stream'
/** The type of an answer that is a file. */
const ANY_TYPE = '*/*'

const methods = ['get', 'post', 'put', 'patch', 'delete'] as const

export const isObject = (value: unknown): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** Whether an operation answers a list, page by page. */
export const isPage = (operation: Operation): boolean => {
  const properties = operation.success.schema?.properties
  return (
    operation.parameters.some(({ name }) => name === 'cursor') &&
    typeof properties === 'object' &&
    properties !== null &&
    'items' in properties
  )
}

const object = (value: unknown, where: string): JsonObject => {
  if (!isObject(value)) throw new ContractError(`${where} must be an object`)
  return value
}

/**
 * Bundles the contract and reads its operations.
 * @throws ContractError for a missing, wrong or unread extension, a missing status, an unknown code.
 */
export async function readContract(path: string, root = '.'): Promise<Contract> {
  const result = await bundle({ ref: path, config: await createConfig({}) })
  const errors = result.problems.filter((problem) => problem.severity === 'error')
  if (errors.length > 0) throw new ContractError(errors.map((problem) => problem.message).join('\n'))
  const document = JSON.parse(JSON.stringify(result.bundle.parsed)) as JsonObject
  const flat: unknown = await dereference(structuredClone(document), { dereference: { circular: false } })
  const contract = listOperations(object(flat, 'contract'), document)
  const faults = [
    ...checkReaders(root),
    ...checkExtensions(document, contract.operations),
    ...checkCodes(contract),
    ...contract.operations.flatMap(checkBytes),
    ...contract.operations.flatMap(checkGroupCommit),
    ...contract.operations.flatMap(checkSubscription),
    ...contract.operations.flatMap(checkRawBody),
  ]
  if (faults.length > 0) throw new ContractError(faults.join('\n'))
  return contract
}

function listOperations(flat: JsonObject, document: JsonObject): Contract {
  const schemas = object(object(flat.components, 'components').schemas, 'components.schemas')
  const codeSchema = object(schemas.ProblemCode, 'ProblemCode')
  const catalogue: Contract['catalogue'] = {}
  for (const [code, row] of Object.entries(object(codeSchema['x-catalogue'], 'ProblemCode x-catalogue'))) {
    if (!Array.isArray(row)) throw new ContractError(`x-catalogue ${code} must be [status, title]`)
    catalogue[code] = [Number(row[0]), String(row[1])]
  }
  const listed = codeSchema.enum
  if (!Array.isArray(listed) || listed.toString() !== Object.keys(catalogue).toString())
    throw new ContractError('ProblemCode: enum and x-catalogue must name the same codes in the same order')
  const operations: Operation[] = []
  for (const [path, item] of Object.entries(object(flat.paths, 'paths')))
    for (const method of methods) {
      const raw = object(item, path)[method]
      if (raw !== undefined) operations.push(readOperation(path, method, object(raw, `${method} ${path}`)))
    }
  return { document, operations, catalogue }
}

function readOperation(path: string, method: (typeof methods)[number], raw: JsonObject): Operation {
  const id = String(raw.operationId)
  const responses = object(raw.responses, `${id} responses`)
  const successes = Object.keys(responses).filter((status) => status.startsWith('2'))
  if (successes.length !== 1) throw new ContractError(`${id}: needs exactly one 2xx answer`)
  const status = Number(successes[0])
  const success = object(responses[String(status)], `${id} ${status}`)
  const content = success.content === undefined ? {} : object(success.content, `${id} content`)
  const [contentType, ...others] = Object.keys(content)
  const forms = contentType === 'application/json' ? others : []
  if (others.includes('application/json')) throw new ContractError(`${id}: application/json must come first`)
  if (forms.some((type) => !type.startsWith('text/')) || (forms.length > 0 && method !== 'get'))
    throw new ContractError(`${id}: beside JSON only a GET may answer something else, and only texts`)
  const extensions = Object.fromEntries(Object.entries(raw).filter(([key]) => key.startsWith('x-')))
  const [resource = '', sdkMethod = ''] = String(raw['x-sdk']).split('.')
  const bodies =
    raw.requestBody === undefined ? {} : object(object(raw.requestBody, `${id} body`).content, `${id} body`)
  const [bodyType] = Object.keys(bodies)
  return {
    id,
    tag: Array.isArray(raw.tags) ? String(raw.tags[0]) : '',
    method: method.toUpperCase() as Operation['method'],
    path,
    summary: String(raw.summary ?? ''),
    description: String(raw.description ?? ''),
    sdk: raw['x-sdk'] === false ? undefined : { resource, method: sdkMethod },
    extensions,
    parameters: (Array.isArray(raw.parameters) ? raw.parameters : []).map((entry) => {
      const parameter = object(entry, `${id} parameter`)
      return {
        name: String(parameter.name),
        in: parameter.in as Parameter['in'],
        required: parameter.required === true,
        schema: object(parameter.schema, `${id} ${parameter.name}`),
      }
    }),
    body:
      bodyType === JSON_TYPE
        ? object(object(bodies[bodyType], `${id} body`).schema, `${id} body schema`)
        : undefined,
    bodyType,
    success: {
      status,
      contentType,
      forms,
      schema:
        contentType && contentType !== ANY_TYPE
          ? object(object(content[contentType], `${id} ${contentType}`).schema, `${id} schema`)
          : undefined,
      headers: Object.keys(success.headers === undefined ? {} : object(success.headers, `${id} headers`)),
    },
    problems: Object.entries(responses)
      .filter(([code]) => !code.startsWith('2'))
      .map(([code, response]) => ({
        status: Number(code),
        codes: codesOf(object(response, `${id} ${code}`)),
      })),
  }
}

function codesOf(response: JsonObject): string[] {
  const found: string[] = []
  const visit = (value: Json): void => {
    if (Array.isArray(value)) value.forEach(visit)
    else if (isObject(value)) {
      const properties = value.properties
      const code = isObject(properties) ? properties.code : undefined
      // The Problem schema itself names every code; only the narrowing parts count.
      if (isObject(code) && Array.isArray(code.enum) && !('x-catalogue' in code))
        found.push(...code.enum.map(String))
      Object.values(value).forEach(visit)
    }
  }
  const content = response.content
  if (isObject(content)) visit(content['application/problem+json'] ?? null)
  return found
}

function checkReaders(root: string): string[] {
  const readers = {
    ...otherExtensions,
    ...Object.fromEntries(Object.entries(operationExtensions).map(([name, { reader }]) => [name, reader])),
  }
  return Object.entries(readers).flatMap(([name, { file, word }]) => {
    const full = `${root}/${file}`
    const read = existsSync(full) && readFileSync(full, 'utf8').includes(word)
    return read ? [] : [`${name}: nothing reads it (expected "${word}" in ${file})`]
  })
}

function checkExtensions(document: JsonObject, operations: Operation[]): string[] {
  const faults: string[] = []
  for (const { id, extensions } of operations) {
    for (const [name, { check, required }] of Object.entries(operationExtensions)) {
      if (name in extensions) {
        const fault = check(extensions[name])
        if (fault) faults.push(`${id}: ${name} ${fault}`)
      } else if (required) faults.push(`${id}: ${name} is missing`)
    }
    for (const name of Object.keys(extensions))
      if (!(name in operationExtensions)) faults.push(`${id}: nothing reads ${name}`)
  }
  const paths = isObject(document.paths) ? document.paths : {}
  const visit = (value: Json, where: string): void => {
    if (Array.isArray(value)) for (const [index, item] of value.entries()) visit(item, `${where}/${index}`)
    else if (isObject(value))
      for (const [key, part] of Object.entries(value)) {
        if (key === 'example' || key === 'examples') continue
        if (key.startsWith('x-') && !(key in otherExtensions)) faults.push(`${where}: nothing reads ${key}`)
        visit(part, `${where}/${key}`)
      }
  }
  for (const [path, item] of Object.entries(paths))
    for (const [method, operation] of Object.entries(isObject(item) ? item : {})) {
      const rest = isObject(operation)
        ? Object.fromEntries(Object.entries(operation).filter(([key]) => !key.startsWith('x-')))
        : operation
      visit(rest, `${method} ${path}`)
    }
  visit({ ...document, paths: {} }, '')
  for (const [path, item] of Object.entries(paths))
    for (const operation of Object.values(isObject(item) ? item : {})) {
      if (!isObject(operation) || !isObject(operation['x-access'])) continue
      const open = Array.isArray(operation.security) && operation.security.length === 0
      if (open !== 'public' in operation['x-access'])
        faults.push(`${path}: "security: []" and "x-access: { public: true }" go together`)
    }
  const ids = new Set<string>()
  for (const { id, sdk } of operations)
    for (const name of sdk ? [id, `${sdk.resource}.${sdk.method}`] : [id]) {
      if (ids.has(name)) faults.push(`${name}: used twice`)
      ids.add(name)
    }
  return faults
}

/** The codes that the gates can answer follow from the extensions: they must be declared, and no others of theirs. */
export function impliedCodes({ extensions, parameters, bodyType, path }: Operation): string[] {
  const access = isObject(extensions['x-access']) ? extensions['x-access'] : {}
  const signedIn = !('public' in access)
  const codes = ['INTERNAL_ERROR', 'UNAVAILABLE']
  if (signedIn) codes.push('UNAUTHORIZED', 'ACCOUNT_LOCKED', 'ACCOUNT_SUSPENDED', 'IMPERSONATION_EXPIRED')
  if (signedIn && extensions['x-impersonation'] === 'forbidden') codes.push('IMPERSONATION_FORBIDDEN')
  // By role, or because the caller is an API key.
  if (signedIn) codes.push('FORBIDDEN')
  if (isObject(access.patient) && 'proxy' in access.patient)
    codes.push('PROXY_ACCESS_EXPIRED', 'PROXY_PERMISSION_DENIED')
  if (extensions['x-consent'] === 'required') codes.push('CONSENT_REQUIRED')
  if (extensions['x-mfa'] === 'required') codes.push('MFA_REQUIRED')
  if (extensions['x-step-up'] === true) codes.push('STEP_UP_REQUIRED')
  if (extensions['x-subscription'] === 'required') codes.push('SUBSCRIPTION_REQUIRED')
  if (extensions['x-rate-limit'] !== 'none') codes.push('RATE_LIMITED')
  if (path.includes('{')) codes.push('NOT_FOUND')
  if (parameters.length > 0 || bodyType) codes.push('VALIDATION_ERROR')
  if (parameters.some(({ name }) => name === 'cursor')) codes.push('INVALID_CURSOR')
  if (bodyType) codes.push('PAYLOAD_TOO_LARGE')
  if (extensions['x-idempotent'] === true) codes.push('IDEMPOTENCY_KEY_REUSED', 'IDEMPOTENCY_IN_PROGRESS')
  if (extensions['x-tenancy'] === 'organization' && parameters.some(({ name }) => name === 'organization_id'))
    codes.push('ORGANIZATION_REQUIRED')
  return codes
}

/**
 * A file may take minutes to come or go, and no transaction waits that long: such an operation has none, so nothing
 * that needs one. What it moves was decided and audited where its link was made.
 */
function checkBytes({ id, method, bodyType, success, extensions }: Operation): string[] {
  const faults: string[] = []
  if (bodyType !== undefined && bodyType !== JSON_TYPE && bodyType !== FILE_TYPE)
    faults.push(`${id}: a body is ${JSON_TYPE} or ${FILE_TYPE}, not ${bodyType}`)
  const answers = success.contentType === ANY_TYPE
  if (bodyType !== FILE_TYPE && !answers) return faults
  if (answers && method !== 'GET') faults.push(`${id}: only a GET answers a file`)
  if (!answers && success.contentType !== undefined) faults.push(`${id}: takes a file, so it answers no body`)
  const demanded = {
    'x-tenancy': 'none',
    'x-audit': false,
    'x-phi': false,
    'x-idempotent': false,
    'x-sdk': false,
  }
  for (const [name, value] of Object.entries(demanded))
    if (extensions[name] !== value) faults.push(`${id}: moves a file, so its ${name} must be ${value}`)
  return faults
}

/** What shares its transaction with strangers' requests has none that an audit row, a key or an event could be part of. */
function checkGroupCommit({ id, method, extensions }: Operation): string[] {
  if (extensions['x-group-commit'] !== true) return []
  const faults = method === 'GET' ? [`${id}: a GET stores nothing, so it has no x-group-commit`] : []
  const demanded = { 'x-tenancy': 'person', 'x-audit': false, 'x-phi': false, 'x-idempotent': false }
  for (const [name, value] of Object.entries(demanded))
    if (extensions[name] !== value) faults.push(`${id}: commits in a group, so its ${name} must be ${value}`)
  return faults
}

/** What the gate `subscription` is for: each such operation says whether it is held to it, and no other does. */
const needsSubscription = ({ method, extensions }: Operation): boolean =>
  extensions['x-phi'] === true &&
  extensions['x-tenancy'] === 'organization' &&
  (extensions['x-writes'] ?? method !== 'GET') === true

function checkSubscription(operation: Operation): string[] {
  const isSaid = operation.extensions['x-subscription'] !== undefined
  if (isSaid === needsSubscription(operation)) return []
  return [
    isSaid
      ? `${operation.id}: writes no health information in an organization, so it takes no x-subscription`
      : `${operation.id}: writes health information in an organization, so x-subscription is missing`,
  ]
}

/** Bytes that nothing has validated: from outside, where a signature stands for a signed-in caller. */
function checkRawBody({ id, bodyType, extensions }: Operation): string[] {
  if (extensions['x-raw-body'] === undefined) return []
  const access = isObject(extensions['x-access']) ? extensions['x-access'] : {}
  return 'public' in access && bodyType === JSON_TYPE && extensions['x-sdk'] === false
    ? []
    : [`${id}: x-raw-body is for a public operation with a JSON body that is no method of the SDK`]
}

const gateCodes = [
  'FORBIDDEN',
  'CONSENT_REQUIRED',
  'MFA_REQUIRED',
  'STEP_UP_REQUIRED',
  'SUBSCRIPTION_REQUIRED',
  'PROXY_ACCESS_EXPIRED',
  'IMPERSONATION_EXPIRED',
  'IMPERSONATION_FORBIDDEN',
]

function checkCodes({ operations, catalogue }: Contract): string[] {
  return operations.flatMap((operation) => {
    const faults: string[] = []
    const declared = operation.problems.flatMap(({ codes }) => codes)
    for (const { status, codes } of operation.problems) {
      if (codes.length === 0) faults.push(`${operation.id}: ${status} names no code`)
      for (const code of codes)
        if (catalogue[code]?.[0] !== status)
          faults.push(
            `${operation.id}: ${code} belongs to ${catalogue[code]?.[0] ?? 'no status'}, not ${status}`,
          )
    }
    const implied = impliedCodes(operation)
    for (const code of implied)
      if (!declared.includes(code)) faults.push(`${operation.id}: its gates can answer ${code}, declare it`)
    // A handler may refuse a record by role too, so FORBIDDEN alone may stand without its gate.
    for (const code of gateCodes.filter((gate) => gate !== 'FORBIDDEN'))
      if (declared.includes(code) && !implied.includes(code))
        faults.push(`${operation.id}: declares ${code}, but no gate of it answers that`)
    return faults
  })
}
