import type { components } from '../../generated/contract.ts'
import { type Problem, problem } from '../../http/problem.ts'
import { isTimeZone } from '../time-zone.ts'

type OrganizationCreate = components['schemas']['OrganizationCreate']
type OrganizationUpdate = components['schemas']['OrganizationUpdate']

/** What the schema cannot say: the time zone exists, and opening comes before closing. */
export function validOrganization(
  body: OrganizationCreate | OrganizationUpdate,
): Problem<'VALIDATION_ERROR'> | undefined {
  const errors = (body.settings?.opening_hours ?? []).flatMap(({ opens, closes }, index) =>
    opens < closes
      ? []
      : [{ pointer: `/settings/opening_hours/${index}/closes`, message: 'must be after opens' }],
  )
  if (body.timezone !== undefined && !isTimeZone(body.timezone))
    errors.push({ pointer: '/timezone', message: 'is not a time zone' })
  return errors.length === 0 ? undefined : problem('VALIDATION_ERROR', undefined, { errors })
}
