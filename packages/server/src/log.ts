import pg from 'pg'
import { type DestinationStream, type Logger, pino } from 'pino'

/** An error without what may quote data: a database's message repeats the values it refused. */
function describe(error: unknown): unknown {
  if (!(error instanceof Error)) return { type: typeof error }
  const frames = error.stack?.split('\n').filter((line) => line.startsWith('    at '))
  if (error instanceof pg.DatabaseError) {
    const { code, constraint, table, column, routine, severity } = error
    return { type: 'DatabaseError', code, constraint, table, column, routine, severity, stack: frames }
  }
  const code = 'code' in error ? error.code : undefined
  return { type: error.name, message: error.message, code, stack: frames }
}

/**
 * The server's log: JSON lines. No bodies, no query strings, no tokens, no names of people reach it;
 * the redaction is a second wall.
 */
export function createLog(level: string, destination?: DestinationStream): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describe, error: describe },
    redact: {
      paths: [
        'authorization',
        'password',
        'token',
        '*.authorization',
        '*.password',
        '*.token',
        '*.secret',
        '*.code',
      ].filter(
        // Error codes are wanted.
        (path) => path !== '*.code',
      ),
      censor: '[redacted]',
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
