import { Ajv2020 } from 'ajv/dist/2020.js'
import { describe, expect, test } from 'vitest'
import { withFormats } from '../../packages/server/src/http/validate.ts'
import { contract } from '../support/contract.ts'

type Schema = Record<string, unknown>

const ajv = withFormats(new Ajv2020({ strict: false, allErrors: true }))
ajv.addSchema(contract, 'contract')

const schemas = Object.entries(contract.components.schemas ?? {}) as [string, Schema][]
const isSchema = (value: unknown): value is Schema => typeof value === 'object' && value !== null

const follow = (schema: Schema): Schema => {
  const ref = schema.$ref
  if (typeof ref !== 'string') return schema
  const target = contract.components.schemas?.[ref.split('/').at(-1) ?? '']
  return isSchema(target) ? target : schema
}

/** Every object schema inside, refs followed, each with its path. */
function objectsOf(schema: Schema, path: string): [string, Schema][] {
  const own = follow(schema)
  const parts: [string, Schema][] = []
  for (const key of ['oneOf', 'anyOf', 'allOf'])
    if (Array.isArray(own[key]))
      for (const [index, part] of own[key].filter(isSchema).entries())
        parts.push([`${path}/${key}/${index}`, part])
  if (isSchema(own.items)) parts.push([`${path}/items`, own.items])
  if (isSchema(own.properties))
    for (const [name, part] of Object.entries(own.properties))
      if (isSchema(part)) parts.push([`${path}/${name}`, part])
  const here: [string, Schema][] = own.type === 'object' ? [[path, own]] : []
  return [...here, ...parts.flatMap(([where, part]) => objectsOf(part, where))]
}

describe('the contract', () => {
  test.each(schemas)('%s is described and has an example that validates', (name, schema) => {
    expect(schema.description, 'description').toBeTypeOf('string')
    const examples = schema.examples
    expect(Array.isArray(examples) && examples.length > 0, 'examples').toBe(true)
    const validate = ajv.compile({ $ref: `contract#/components/schemas/${name}` })
    for (const example of examples as unknown[]) {
      const valid = validate(example)
      expect(valid, ajv.errorsText(validate.errors)).toBe(true)
    }
  })

  test.each(schemas)('every property of %s is described', (_name, schema) => {
    const properties = isSchema(schema.properties) ? Object.entries(schema.properties) : []
    for (const [name, property] of properties)
      if (isSchema(property)) expect(follow(property).description, name).toBeTypeOf('string')
  })

  const bodies = Object.entries(contract.paths).flatMap(([path, item]) =>
    Object.entries(item).flatMap(([method, operation]) => {
      const { requestBody: body, ...extensions } = operation as unknown as {
        requestBody?: { content: Record<string, { schema: Schema }> }
      }
      // Somebody else's: it is theirs to add to.
      if ('x-raw-body' in extensions) return []
      // A file has no schema.
      return Object.entries(body?.content ?? {}).flatMap(([type, { schema }]) =>
        type.endsWith('json') ? [[`${method} ${path}`, schema] as const] : [],
      )
    }),
  )
  test.each(bodies)('the body of %s is closed', (name, schema) => {
    for (const [path, part] of objectsOf(schema, name)) {
      const map = part.properties === undefined
      // An open map (telemetry's properties, a ticket's context) has no properties, but says what its values are.
      const closed = part.additionalProperties === false || part.unevaluatedProperties === false
      expect(closed || (map && isSchema(part.additionalProperties)), path).toBe(true)
    }
  })
})
