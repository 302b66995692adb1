import { AsyncLocalStorage } from 'node:async_hooks'
import pg from 'pg'
import { activeSpan, failureOf } from './trace.ts'

const LONGEST = 2000
const MOST_TEXTS = 2000
const texts = new Map<string, string>()

/** A statement without its values: what is quoted and what is a number becomes a question mark. */
export function withoutValues(text: string): string {
  const known = texts.get(text)
  if (known !== undefined) return known
  const plain = text
    .replace(/\$(\w*)\$[\s\S]*?\$\1\$/g, '?')
    .replace(/'(?:[^']|'')*'/g, '?')
    .replace(/(?<![\w$.])\d+(?:\.\d+)?/g, '?')
    .replace(/\s+/g, ' ')
    .trim()
    .slice(0, LONGEST)
  // Most statements come again and again; those that never do must not pile up.
  if (texts.size >= MOST_TEXTS) texts.clear()
  texts.set(text, plain)
  return plain
}

const textOf = (query: unknown): string | undefined => {
  if (typeof query === 'string') return query
  const text: unknown = Object(query).text
  return typeof text === 'string' ? text : undefined
}

/** Every statement that is sent as a part of a traced request becomes a span of it. */
function traceClient(client: pg.ClientBase): void {
  const send: unknown = client.query.bind(client)
  if (typeof send !== 'function') return
  const query = (...args: unknown[]): unknown => {
    const text = textOf(args[0])
    const span =
      text === undefined
        ? undefined
        : activeSpan()?.child(/^\s*(\w+)/.exec(text)?.[1]?.toUpperCase() ?? 'SQL', 'client', {
            'db.system.name': 'postgresql',
            'db.query.text': withoutValues(text),
          })
    if (span === undefined) return send(...args)
    const ended = (error: unknown): void =>
      span.end(error instanceof pg.DatabaseError ? error.code : error ? failureOf(error) : undefined)
    const last = args.at(-1)
    if (typeof last === 'function')
      return send(...args.slice(0, -1), (error: unknown, ...rest: unknown[]) => {
        ended(error)
        last(error, ...rest)
      })
    const answer: unknown = send(...args)
    if (answer instanceof Promise)
      answer.then(
        () => ended(undefined),
        (error: unknown) => ended(error),
      )
    return answer
  }
  Object.assign(client, { query })
}

/** Traces the statements of a pool's connections. Before any of them is made. */
export function traceQueries(pool: pg.Pool): void {
  pool.on('connect', traceClient)
  const connect: unknown = pool.connect.bind(pool)
  if (typeof connect !== 'function') return
  // Who waits for a connection is called by whoever gives one back, and must not count as a part of that one's work.
  Object.assign(pool, {
    connect: (...args: unknown[]): unknown =>
      connect(...args.map((one) => (typeof one === 'function' ? AsyncLocalStorage.bind(Object(one)) : one))),
  })
}
