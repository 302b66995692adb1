import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020, type ErrorObject, type ValidateFunction } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fastJsonStringify from 'fast-json-stringify'
import type { OperationDefinition } from './operation.ts'
import { type Problem, problem } from './problem.ts'

type Schema = Record<string, unknown>

/** The generated JSON schemas of one operation. */
export interface OperationSchemas {
  readonly params: Schema | null
  readonly query: Schema | null
  readonly headers: Schema | null
  readonly body: Schema | null
  readonly response: Schema | null
}

/** Reads the generated schemas of every operation. */
export function readSchemas(): Record<string, OperationSchemas> {
  // Generated together with the table that indexes it; the shape is the generator's word.
  return JSON.parse(readFileSync(join(import.meta.dirname, '../generated/schemas.json'), 'utf8')) as Record<
    string,
    OperationSchemas
  >
}

type Part = 'params' | 'query' | 'headers' | 'body'

const options = {
  allErrors: true,
  strict: true,
  strictTypes: false,
  strictRequired: false,
  useDefaults: true,
} as const
/** Teaches ajv the formats (date-time, uuid, …). */
export const withFormats = (ajv: Ajv2020): Ajv2020 => {
  // ajv-formats is CommonJS: under native ESM the plugin is the default's default.
  const plugin = addFormats as unknown as { default?: (ajv: Ajv2020) => void } & ((ajv: Ajv2020) => void)
  ;(plugin.default ?? plugin)(ajv)
  return ajv
}

const places: Record<Part, string> = { params: '/path', query: '/query', headers: '/header', body: '' }

const maxErrors = 50

function fieldError(part: Part, error: ErrorObject): { pointer: string; message: string } {
  const params: Record<string, unknown> = error.params
  const extra = params.additionalProperty ?? params.missingProperty ?? params.unevaluatedProperty
  const leaf = typeof extra === 'string' ? `/${extra.replaceAll('~', '~0').replaceAll('/', '~1')}` : ''
  const pointer = `${places[part]}${error.instancePath}${leaf}`.slice(0, 500)
  const message =
    error.keyword === 'additionalProperties' || error.keyword === 'unevaluatedProperties'
      ? 'is not a known field'
      : error.keyword === 'required'
        ? 'is required'
        : error.keyword === 'enum' && Array.isArray(params.allowedValues)
          ? `must be one of ${params.allowedValues.join(', ')}`
          : (error.message ?? 'is not valid')
  return { pointer: pointer || '/', message }
}

const ofForm = /^#\/oneOf\/(\d+)\/(additionalProperties|required)?/

/**
 * Where a body may have one of several forms, the faults of the form that was meant, which is the one whose fields fit best. The
 * others' would say of every right field that it is not known.
 */
function ofMeantForm(errors: readonly ErrorObject[]): readonly ErrorObject[] {
  const misfits = new Map<string, number>()
  for (const { schemaPath } of errors) {
    const [, form, misfit] = ofForm.exec(schemaPath) ?? []
    if (form !== undefined) misfits.set(form, (misfits.get(form) ?? 0) + (misfit === undefined ? 0 : 1))
  }
  const [meant] = [...misfits].toSorted(([, a], [, b]) => a - b)
  if (meant === undefined) return errors
  const path = `#/oneOf/${meant[0]}/`
  return errors.filter(({ schemaPath }) => schemaPath.startsWith(path) || !schemaPath.startsWith('#/oneOf'))
}

/**
 * Validates requests and serializes answers by the contract's schemas, each compiled at first use.
 * Bodies are taken as they are: nothing is coerced, nothing removed; path, query and headers are text, so
 * they are coerced. Serializers drop what the contract does not declare.
 */
export class Schemas {
  readonly #schemas: Record<string, OperationSchemas>
  readonly #text = withFormats(new Ajv2020({ ...options, coerceTypes: true }))
  readonly #json = withFormats(new Ajv2020({ ...options, coerceTypes: false }))
  readonly #validators = new Map<string, ValidateFunction>()
  readonly #serializers = new Map<string, (value: unknown) => string>()

  constructor(schemas = readSchemas()) {
    this.#schemas = schemas
  }

  #validator(operation: OperationDefinition, part: Part): ValidateFunction | null {
    const schema = this.#schemas[operation.id]?.[part]
    if (!schema) return null
    const name = `${operation.id}.${part}`
    let validator = this.#validators.get(name)
    if (!validator) {
      validator = (part === 'body' ? this.#json : this.#text).compile(schema)
      this.#validators.set(name, validator)
    }
    return validator
  }

  /** VALIDATION_ERROR with every fault of the parts, or undefined. Fills in defaults. */
  check(
    operation: OperationDefinition,
    parts: Partial<Record<Part, unknown>>,
  ): Problem<'VALIDATION_ERROR'> | undefined {
    const errors = (Object.keys(places) as Part[])
      .filter((part) => part in parts)
      .flatMap((part) => {
        const validator = this.#validator(operation, part)
        if (!validator) return []
        return validator(parts[part])
          ? []
          : ofMeantForm(validator.errors ?? []).map((error) => fieldError(part, error))
      })
    if (errors.length === 0) return undefined
    // One fault a field is enough to mend it. A set: a body may have as many faults as it has bytes.
    const seen = new Set<string>()
    const first = errors.filter(({ pointer }) => seen.size < seen.add(pointer).size)
    return problem('VALIDATION_ERROR', 'Some fields are not valid.', { errors: first.slice(0, maxErrors) })
  }

  /** Whether the operation takes a body. */
  takesBody(operation: OperationDefinition): boolean {
    return this.#schemas[operation.id]?.body != null
  }

  /** JSON of an answer, declared fields only. */
  serialize(operation: OperationDefinition, value: unknown): string {
    let serializer = this.#serializers.get(operation.id)
    if (!serializer) {
      const schema = this.#schemas[operation.id]?.response
      serializer = schema ? fastJsonStringify(schema) : (plain) => JSON.stringify(plain)
      this.#serializers.set(operation.id, serializer)
    }
    return serializer(value)
  }
}
