import { isUnavailable } from '../db/pool.ts'
import { Problem, problem } from './problem.ts'

const fastifyCodes: Record<string, () => Problem> = {
  FST_ERR_CTP_BODY_TOO_LARGE: () => problem('PAYLOAD_TOO_LARGE', 'The body is larger than allowed.'),
  FST_ERR_CTP_INVALID_MEDIA_TYPE: () =>
    bodyFault('The body must be sent as the Content-Type of the contract, which mostly is application/json.'),
  FST_ERR_CTP_EMPTY_JSON_BODY: () => bodyFault('The body is empty.'),
  FST_ERR_CTP_INVALID_JSON_BODY: () => bodyFault('The body is not valid JSON.'),
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: () => bodyFault('The body does not have its stated length.'),
  FST_ERR_BAD_URL: () => problem('NOT_FOUND', 'There is no such path.'),
}

// PostgreSQL stores no U+0000 in text or jsonb, no lone surrogate, no year 0 and no time zone beyond 16 hours.
const unstorable = new Set(['22021', '22P05', '22008', '22009'])
const isUnstorable = (code: string, error: unknown): boolean =>
  unstorable.has(code) || (code === '22P02' && error instanceof Error && error.message.endsWith('type json'))

const bodyFault = (message: string): Problem =>
  problem('VALIDATION_ERROR', message, { errors: [{ pointer: '/', message }] })

/** What to answer for an error; `unexpected` ones are faults of ours, to be logged. */
export function toProblem(error: unknown): { problem: Problem; unexpected: boolean } {
  if (error instanceof Problem) return { problem: error, unexpected: false }
  const code = error instanceof Error && 'code' in error ? String(error.code) : ''
  const known = fastifyCodes[code]
  if (known) return { problem: known(), unexpected: false }
  if (isUnstorable(code, error))
    return { problem: bodyFault('A text or a date cannot be stored.'), unexpected: false }
  if (isUnavailable(error))
    return {
      problem: problem('UNAVAILABLE', 'The database does not answer. Try again.', { retry_after: 1 }),
      unexpected: true,
    }
  // The JSON parser refuses __proto__ and the like without a code of Fastify's.
  if (error instanceof Error && 'statusCode' in error && error.statusCode === 400)
    return { problem: bodyFault('The body is not acceptable JSON.'), unexpected: false }
  return { problem: problem('INTERNAL_ERROR', 'Something went wrong on our side.'), unexpected: true }
}
