import { readFileSync } from 'node:fs'
import { Ajv2020, type ValidateFunction } from 'ajv/dist/2020.js'
import { withFormats } from '../../packages/server/src/http/validate.ts'

interface ResponseObject {
  content?: Record<string, { schema?: object }>
}
interface OperationObject {
  operationId: string
  responses: Record<string, ResponseObject | { $ref: string }>
}

/** The bundled contract, as the server serves it. */
export const contract = JSON.parse(
  readFileSync(new URL('../../packages/server/src/generated/openapi.json', import.meta.url), 'utf8'),
) as {
  paths: Record<string, Record<string, OperationObject>>
  components: Record<string, Record<string, unknown>>
}

const ajv = withFormats(new Ajv2020({ strict: false, allErrors: true }))
ajv.addSchema(contract, 'contract')

const patterns = Object.entries(contract.paths).map(([path, item]) => ({
  path,
  item,
  pattern: new RegExp(`^${path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
}))

const resolve = (
  value: ResponseObject | { $ref: string },
): { pointer: string | undefined; response: ResponseObject } => {
  if (!('$ref' in value)) return { pointer: undefined, response: value }
  const name = value.$ref.split('/').at(-1) ?? ''
  return {
    pointer: `#/components/responses/${name}`,
    response: contract.components.responses?.[name] as ResponseObject,
  }
}

const pointerPart = (part: string): string =>
  encodeURIComponent(part.replaceAll('~', '~0').replaceAll('/', '~1'))

const validators = new Map<string, ValidateFunction>()

/**
 * Throws when an answer is not one that the contract declares for its operation: status, media type, schema.
 */
export async function checkAnswer(method: string, url: string, response: Response): Promise<void> {
  const { pathname } = new URL(url)
  const literal = patterns.find(({ path }) => path === pathname)
  const match = literal ?? patterns.find(({ pattern }) => pattern.test(pathname))
  const operation = match?.item[method.toLowerCase()]
  if (!match || !operation) return
  const status = String(response.status)
  const declared = operation.responses[status]
  const name = `${operation.operationId} ${status}`
  if (!declared) throw new Error(`${name} is not declared by the contract`)
  const { pointer, response: object } = resolve(declared)
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? ''
  const content = object.content ?? {}
  if (Object.keys(content).length === 0) return
  if (!(type in content || '*/*' in content))
    throw new Error(`${name} answers ${type}, the contract says ${Object.keys(content)}`)
  if (!type.endsWith('json') || type.endsWith('ndjson')) return
  const at = pointer ?? `#/paths/${pointerPart(match.path)}/${method.toLowerCase()}/responses/${status}`
  const ref = `contract${at}/content/${pointerPart(type)}/schema`
  let validate = validators.get(ref)
  if (!validate) {
    validate = ajv.compile({ $ref: ref })
    validators.set(ref, validate)
  }
  const body: unknown = await response.clone().json()
  if (!validate(body)) throw new Error(`${name} breaks its schema: ${ajv.errorsText(validate.errors)}`)
}

/** fetch, with every answer held against the contract. */
export const checkedFetch: typeof fetch = async (input, init) => {
  const request = new Request(input, init)
  const { method, url } = request
  const response = await fetch(request)
  await checkAnswer(method, url, response)
  return response
}
