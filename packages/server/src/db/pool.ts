import pg from 'pg'

const oid = { int8: 20, date: 1082, timestamptz: 1184 } as const

/** PostgreSQL's text of an instant (in UTC, at most milliseconds) → ISO 8601 as the wire wants it. */
export function instantFromText(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d) (\d\d:\d\d:\d\d)(?:\.(\d{1,3})\d*)?\+00$/.exec(text)
  if (!match) return new Date(text).toISOString()
  return `${match[1]}T${match[2]}.${(match[3] ?? '').padEnd(3, '0')}Z`
}

const parsers: Record<number, (text: string) => unknown> = {
  [oid.int8]: Number,
  [oid.date]: (text) => text,
  [oid.timestamptz]: instantFromText,
}

const types: pg.CustomTypesConfig = {
  getTypeParser: (id: number, format?: 'text' | 'binary') =>
    (format === 'text' || format === undefined ? parsers[id] : undefined) ??
    (format === 'binary' ? pg.types.getTypeParser(id, 'binary') : pg.types.getTypeParser(id, 'text')),
}

/** Connection settings that every connection of the server shares. */
export const connectionConfig = (url: string, applicationName: string): pg.ClientConfig => ({
  connectionString: url,
  application_name: applicationName,
  connectionTimeoutMillis: 5000,
  keepAlive: true,
  options: '-c timezone=UTC -c statement_timeout=30000 -c idle_in_transaction_session_timeout=60000',
  types,
})

/**
 * The application's pool. `onError` hears of connections that die while idle.
 * @param limits other time limits than the usual ones.
 */
export function createPool(
  url: string,
  size: number,
  onError: (error: Error) => void,
  limits: Pick<pg.PoolConfig, 'connectionTimeoutMillis' | 'query_timeout'> = {},
): pg.Pool {
  const pool = new pg.Pool({
    ...connectionConfig(url, 'wardline-server'),
    ...limits,
    max: size,
    idleTimeoutMillis: 30_000,
  })
  pool.on('error', onError)
  return pool
}

const goneCodes = new Set(['57P01', '57P02', '57P03', '53300', '25P03', '57014'])
const networkCodes = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'EPIPE',
  'ETIMEDOUT',
  'ENOTFOUND',
  'EHOSTUNREACH',
  'EAI_AGAIN',
])

/** Whether the database is away, rather than the query wrong. */
export function isUnavailable(error: unknown): boolean {
  if (error instanceof AggregateError) return error.errors.some(isUnavailable)
  if (!(error instanceof Error)) return false
  const code = 'code' in error && typeof error.code === 'string' ? error.code : ''
  if (networkCodes.has(code) || goneCodes.has(code) || code.startsWith('08')) return true
  return /Connection terminated|timeout exceeded when trying to connect|Client has encountered a connection error|not queryable|not currently accepting connections/.test(
    error.message,
  )
}
