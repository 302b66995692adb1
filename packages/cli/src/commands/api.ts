import { command } from '../command.ts'
import type { Context } from '../context.ts'
import { UsageError } from '../exit.ts'
import { operations } from '../generated/operations.ts'
import { readAll } from '../prompts.ts'
import { typedValue } from '../value.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const

interface Options {
  method: string
  path: string
  fields: readonly string[]
  query: readonly string[]
  headers: readonly string[]
  input: string | undefined
  idempotencyKey: string | undefined
  any: boolean
  org: string | undefined
}

export const api = command<Options>({
  name: 'api <method> <path>',
  summary: 'Call any operation of the API, and print its JSON',
  details:
    '{org_id} in the path becomes your organization. -F takes a value as JSON when it is JSON, else as text; @file reads it from a file. The operations are those of /docs on the server.',
  options: [
    { flags: '-F, --field <key=value>', text: 'a property of the body; several times', repeated: true },
    { flags: '-Q, --query <key=value>', text: 'a query parameter; several times', repeated: true },
    { flags: '-H, --header <key:value>', text: 'a header; several times', repeated: true },
    { flags: '--input <file>', text: 'the whole body, as JSON; - is stdin' },
    { flags: '--idempotency-key <key>', text: 'send it again safely after a failure, with the same key' },
    { flags: '--org <id>', text: 'the organization for {org_id}' },
    { flags: '--any', text: 'also call what this version does not know' },
  ],
  examples: [
    ['ward api GET /api/users/me', 'who am I'],
    ['ward api GET /api/organizations/{org_id}/patients -Q search=okafor -Q limit=5', 'with a query'],
    ['ward api PATCH /api/users/me -F timezone=America/Chicago', 'with a body'],
    ['ward api POST /api/support/tickets --input ticket.json', 'with a body from a file'],
  ],
  parse: (typed) => {
    const method = typed.arg(0).toUpperCase()
    if (!METHODS.some((one) => one === method))
      throw new UsageError(`<method> is one of ${METHODS.join(', ')}, not "${typed.arg(0)}"`)
    const fields = typed.texts('field')
    const input = typed.text('input')
    if (fields.length > 0 && input !== undefined)
      throw new UsageError('--field and --input exclude each other')
    if (method === 'GET' && (fields.length > 0 || input !== undefined)) {
      throw new UsageError('GET has no body; use -Q for the query')
    }
    return {
      method,
      path: typed.arg(1),
      fields,
      query: typed.texts('query'),
      headers: typed.texts('header'),
      input,
      idempotencyKey: typed.text('idempotencyKey'),
      any: typed.flag('any'),
      org: typed.text('org'),
    }
  },
  async run(context, options) {
    const [rawPath = '', search] = options.path.split('?', 2)
    const path = await fillIn(context, rawPath.startsWith('/') ? rawPath : `/${rawPath}`, options.org)
    if (!options.any) check(options.method, path)
    const query = {
      ...Object.fromEntries(new URLSearchParams(search)),
      ...pairs(options.query, '=', '--query'),
    }
    const client = await context.client()
    const answer = await client.request(
      { method: options.method, path, query, body: await readBody(context, options) },
      {
        signal: context.io.signal,
        headers: pairs(options.headers, ':', '--header'),
        idempotencyKey: options.idempotencyKey,
      },
    )
    if (answer === undefined) return context.status('Done; the answer has no body.')
    const { format } = context
    const items =
      answer !== null && typeof answer === 'object' && 'items' in answer ? answer.items : undefined
    if (format === 'ndjson')
      for (const one of Array.isArray(items) ? items : [answer]) context.print(`${JSON.stringify(one)}\n`)
    else context.print(`${JSON.stringify(answer, null, 2)}\n`)
  },
})

const fillIn = async (context: Context, path: string, org: string | undefined): Promise<string> => {
  const filled = path.includes('{org_id}')
    ? path.replaceAll('{org_id}', await context.organization(org))
    : path
  const left = /\{(\w+)\}/.exec(filled)
  if (left !== null) throw new UsageError(`Write the ${left[1]} into the path in place of ${left[0]}`)
  return filled
}

/** @throws UsageError for an operation that the contract does not have, naming the nearest ones */
export const check = (method: string, path: string): void => {
  if (path === '/api/events' || /^\/api\/organizations\/[^/]+\/events$/.test(path)) {
    throw new UsageError('That is a stream; watch it with: ward events tail')
  }
  const asked = path.split('/')
  const fits = (template: string) => {
    const parts = template.split('/')
    return (
      parts.length === asked.length && parts.every((part, at) => part.startsWith('{') || part === asked[at])
    )
  }
  const same = operations.filter(([, , template]) => fits(template))
  if (same.some(([, verb]) => verb === method)) return
  if (same.length > 0) {
    throw new UsageError(`${path} takes ${same.map(([, verb]) => verb).join(', ')}, not ${method}`)
  }
  const near = operations
    .map(([, verb, template]) => ({
      text: `${verb} ${template}`,
      far: distance(`${method} ${path}`, `${verb} ${template}`),
    }))
    .sort((one, other) => one.far - other.far)
    .slice(0, 3)
  throw new UsageError(
    `The API has no ${method} ${path}. Near it are:\n${near.map(({ text }) => `  ${text}`).join('\n')}\nCall it all the same with --any.`,
  )
}

/** Levenshtein's, where a whole path parameter counts as one step. */
const distance = (asked: string, template: string): number => {
  const from = asked.split('/')
  const to = template.split('/')
  const cost = (a = '', b = '') => (a === b ? 0 : b.startsWith('{') ? 1 : letters(a, b))
  let sum = 0
  for (let at = 0; at < Math.max(from.length, to.length); at++) sum += cost(from[at], to[at])
  return sum
}

const letters = (a: string, b: string): number => {
  let row = Array.from({ length: b.length + 1 }, (_, at) => at)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const change = (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1)
      next.push(Math.min(change, (row[j] ?? 0) + 1, (next[j - 1] ?? 0) + 1))
    }
    row = next
  }
  return row[b.length] ?? 0
}

const pairs = (texts: readonly string[], separator: string, flag: string): Record<string, string> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.indexOf(separator)
      if (at < 1) throw new UsageError(`${flag} takes key${separator}value, not "${text}"`)
      return [text.slice(0, at).trim(), text.slice(at + 1).trim()]
    }),
  )

const readBody = async (context: Context, { fields, input }: Options): Promise<unknown> => {
  if (input !== undefined) {
    const text = input === '-' ? await readAll(context) : await readFile(input)
    try {
      return JSON.parse(text)
    } catch {
      throw new UsageError(`--input ${input} is not JSON`)
    }
  }
  if (fields.length === 0) return undefined
  const entries = Object.entries(pairs(fields, '=', '--field'))
  return Object.fromEntries(
    await Promise.all(
      entries.map(async ([key, value]) => [
        key,
        value.startsWith('@') ? await readFile(value.slice(1)) : typedValue(value),
      ]),
    ),
  )
}

const readFile = async (file: string): Promise<string> => {
  const fs = await import('node:fs/promises')
  return await fs.readFile(file, 'utf8').catch(() => {
    throw new UsageError(`${file} cannot be read`)
  })
}
