/** Emits the SDK's resources: one method per operation, named by the contract's x-sdk. */
import { type Contract, isPage, type Operation } from './contract.ts'
import { banner, pascal } from './emit-server.ts'

/** An operation that is a method of the SDK: all but those that only links reach. */
type Method = Operation & { sdk: NonNullable<Operation['sdk']> }

const isMethod = (operation: Operation): operation is Method => operation.sdk !== undefined

const optionHeaders = ['Idempotency-Key', 'Last-Event-ID']

export const snake = (header: string): string => header.toLowerCase().replaceAll('-', '_')

const inputHeaders = (operation: Operation) =>
  operation.parameters.filter(({ in: place, name }) => place === 'header' && !optionHeaders.includes(name))

function meta(operation: Operation): string {
  const names = (place: string) => operation.parameters.filter((p) => p.in === place).map((p) => p.name)
  return JSON.stringify({
    id: operation.id,
    method: operation.method,
    path: operation.path,
    pathParams: names('path'),
    queryParams: names('query'),
    headerParams: Object.fromEntries(inputHeaders(operation).map(({ name }) => [snake(name), name])),
    idempotent: operation.extensions['x-idempotent'] === true,
    hasBody: operation.body !== undefined,
    public: JSON.stringify(operation.extensions['x-access']).includes('"public"'),
  })
}

const needsInput = (operation: Operation): boolean =>
  operation.parameters.some(({ name, required }) => required && !optionHeaders.includes(name)) ||
  operation.body !== undefined

/** Whether a list's answer says more than every list's does. */
const hasMore = (operation: Operation): boolean =>
  Object.keys(operation.success.schema?.properties ?? {}).some(
    (name) => !['items', 'next_cursor', 'total'].includes(name),
  )

/** `text/calendar` of `get` is `getAsCalendar`. */
const formOf = (operation: Method, mediaType: string): string =>
  `${operation.sdk.method}As${pascal(mediaType.split('/')[1] ?? '')}`

const isText = ({ success }: Operation): boolean => success.contentType?.startsWith('text/') ?? false

function method(operation: Method): string {
  const op = `operations['${operation.id}']`
  const input = `input${needsInput(operation) ? '' : '?'}: Input<${op}>`
  const doc = [operation.summary.replace(/\.?$/, '.'), operation.description]
    .filter(Boolean)
    .join('\n\n')
    .split('\n')
    .map((line) => `     *${line ? ` ${line.trim()}` : ''}`)
    .join('\n')
  const [kind, answer] = operation.extensions['x-stream']
    ? ['stream', 'EventStream']
    : isPage(operation)
      ? ['page', `PagePromise<Item<${op}>${hasMore(operation) ? `, Output<${op}>` : ''}>`]
      : isText(operation)
        ? ['text', 'Promise<TextBody>']
        : ['call', `Promise<Output<${op}>>`]
  const options =
    kind === 'stream' ? 'StreamOptions' : kind === 'text' ? `TextOptions<${op}>` : 'RequestOptions'
  return `    /**
${doc}
     *
     * \`${operation.method} ${operation.path}\`
     */
    ${operation.sdk.method}: (${input}, options?: ${options}): ${answer} =>
      core.${kind}(meta.${operation.id}, input, options),${operation.success.forms
        .map(
          (mediaType) => `
    /** The answer of \`${operation.sdk.method}\` as \`${mediaType}\`. */
    ${formOf(operation, mediaType)}: (${input}, options?: RequestOptions): Promise<TextBody> =>
      core.text(meta.${operation.id}, input, { ...options, accept: ${JSON.stringify(mediaType)} }),`,
        )
        .join('')}`
}

/** Source of packages/sdk/src/generated/resources.ts. */
export function emitResources(contract: Contract): string {
  const operations = contract.operations.filter(isMethod)
  const resources = [...new Set(operations.map((operation) => operation.sdk.resource))]
  for (const operation of operations) {
    const names = [
      ...operation.parameters.filter((p) => p.in !== 'header').map((p) => p.name),
      ...inputHeaders(operation).map((p) => snake(p.name)),
    ]
    const properties = operation.body?.properties
    const clash = names.find(
      (name, index) =>
        names.indexOf(name) !== index ||
        (typeof properties === 'object' && properties !== null && name in properties),
    )
    if (clash) throw new Error(`${operation.id}: ${clash} names both a parameter and a body property`)
  }
  const groups = resources.map((resource) => {
    const methods = operations.filter((operation) => operation.sdk.resource === resource).map(method)
    return `  ${resource}: {\n${methods.join('\n')}\n  },`
  })
  const body = groups.join('\n')
  const types = [
    'Core',
    'EventStream',
    'Input',
    'Item',
    'OperationMeta',
    'Output',
    'PagePromise',
    'RequestOptions',
    'StreamOptions',
    'TextBody',
    'TextOptions',
  ].filter((name) => ['Core', 'OperationMeta'].includes(name) || new RegExp(`\\b${name}\\b`).test(body))
  return `${banner}import type { ${types.join(', ')} } from '../core.ts'
import type { operations } from './types.ts'

const meta = {
${operations.map((operation) => `  ${operation.id}: ${meta(operation)},`).join('\n')}
} as const satisfies Record<string, OperationMeta>

/** Every operation of the contract as a method. */
export const createResources = (core: Core) => ({
${body}
})

export type Resources = ReturnType<typeof createResources>
`
}

/** Source of packages/cli/src/generated/operations.ts: what \`ward api\` knows without loading the SDK. */
export function emitCliOperations({ operations }: Contract): string {
  const rows = operations
    .filter(isMethod)
    .map(
      ({ id, method: verb, path, summary }) =>
        `  [${[id, verb, path, summary].map((part) => JSON.stringify(part)).join(', ')}],`,
    )
  return `${banner}/** operationId, method, path, summary */
export const operations: readonly (readonly [id: string, method: string, path: string, summary: string])[] = [
${rows.join('\n')}
]
`
}
