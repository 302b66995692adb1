import type { Db } from '../../db/scope.ts'
import type { ApiKey, Person } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'
import * as queries from './queries.ts'

/** The team is changed by ADMINs, and by the provider who leads it for this patient. */
export async function refuseOthers(
  db: Db,
  actor: Person | ApiKey,
  organizationId: string,
  patientId: string,
): Promise<Problem<'FORBIDDEN'> | undefined> {
  if (actor.as.kind === 'member' && actor.as.role === 'ADMIN') return undefined
  const primary = await queries.findPrimary(db, organizationId, patientId)
  return actor.kind === 'person' && primary?.user_id === actor.userId
    ? undefined
    : problem('FORBIDDEN', 'The primary provider of this patient, or an ADMIN, may do this.')
}

/** Who leads and has appointments with the patient cannot just go: somebody would stand before a closed door. */
export async function refuseBookedPrimary(
  db: Db,
  organizationId: string,
  patientId: string,
  member: { readonly provider_id: string; readonly is_primary_provider: boolean },
  now: Date,
): Promise<Problem<'CONFLICT'> | undefined> {
  if (!member.is_primary_provider) return undefined
  const booked = { patientId, providerId: member.provider_id }
  return (await queries.isBooked(db, organizationId, booked, now))
    ? problem(
        'CONFLICT',
        'The primary provider has appointments with the patient: move or cancel them first.',
      )
    : undefined
}
