import { type Problem, problem } from '../../http/problem.ts'
import { refuseUrl } from './addresses.ts'

const MOST_ENDPOINTS = 10

export function refuseAddress(url: string, allowPrivate: boolean): Problem<'VALIDATION_ERROR'> | undefined {
  const message = refuseUrl(url, allowPrivate)
  return message === undefined
    ? undefined
    : problem('VALIDATION_ERROR', undefined, { errors: [{ pointer: '/url', message }] })
}

/** @param count of those that there are */
export const refuseAnother = (count: number): Problem<'CONFLICT'> | undefined =>
  count >= MOST_ENDPOINTS
    ? problem(
        'CONFLICT',
        `An organization has at most ${MOST_ENDPOINTS} webhook endpoints; delete one first.`,
      )
    : undefined

export function refuseReplay(
  endpoint: { readonly enabled: boolean },
  delivery: { readonly status: string },
): Problem<'CONFLICT'> | undefined {
  if (!endpoint.enabled) return problem('CONFLICT', 'The endpoint is disabled; enable it first.')
  return delivery.status === 'PENDING' ? problem('CONFLICT', 'It is still being tried.') : undefined
}
