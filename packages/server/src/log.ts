import pg from 'pg'
import { type DestinationStream, type Logger, pino } from 'pino'
import { traceFields } from './observe/trace.ts'
import { redact } from './redact.ts'

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
 * The server's log: JSON lines. No bodies, no query strings, no tokens, no names of people are given to it; what gets
 * in all the same, in a field or in the midst of a text, is taken out of the finished line. Where requests are traced,
 * each line says in which trace it was written.
 * @param look sees each line before anything is taken out of it: the suite looks for what should never have got there
 */
export function createLog(
  level: string,
  destination?: DestinationStream,
  look: (line: string) => void = () => {},
): Logger {
  const options = {
    level,
    base: null,
    timestamp: pino.stdTimeFunctions.isoTime,
    serializers: { err: describe, error: describe },
    mixin: traceFields,
    hooks: {
      streamWrite(line: string) {
        look(line)
        return redact(line)
      },
    },
  }
  return destination ? pino(options, destination) : pino(options)
}
