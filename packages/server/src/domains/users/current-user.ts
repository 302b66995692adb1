import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Person } from '../../http/actor.ts'
import * as queries from './queries.ts'

type CurrentUser = components['schemas']['CurrentUser']
type Enrollment = Awaited<ReturnType<typeof queries.listEnrollments>>[number]

export const organizationsOf = (enrollments: readonly Enrollment[], patientId: string) =>
  enrollments
    .filter((row) => row.patient_id === patientId)
    .map(({ organization_id, organization_name, status }) => ({ organization_id, organization_name, status }))

function banner(
  impersonation: Person['impersonation'],
  patient: { first_name: string; last_name: string } | undefined,
  enrollments: readonly Enrollment[],
): CurrentUser['impersonation'] {
  const here = enrollments.find((row) => row.organization_id === impersonation?.organizationId)
  if (impersonation === null || patient === undefined || here === undefined) return null
  return {
    impersonation_id: impersonation.id,
    patient_id: impersonation.patientId,
    patient_name: `${patient.first_name} ${patient.last_name}`,
    medical_record_number: here.medical_record_number,
    reason: impersonation.reason,
    impersonator_name: impersonation.adminName,
    expires_at: impersonation.expiresAt,
  }
}

/**
 * The person with every role and every patient they reach. Under impersonation only the patient in the one
 * organization shows: the administrator has no business with the rest of that person's life.
 */
export async function describeCurrentUser(
  db: Db,
  actor: Person,
  now: Date,
): Promise<CurrentUser | undefined> {
  const { impersonation } = actor
  const user = await queries.findUser(db, actor.userId)
  if (user === undefined) return undefined
  const patient = await queries.findOwnPatient(db, actor.userId)
  const proxy = impersonation === null ? await queries.findProxy(db, actor.userId) : undefined
  const managed =
    proxy === undefined
      ? []
      : await queries.listManagedPatients(db, proxy.id, now, { after: null, limit: 100 })
  const patientIds = [...(patient ? [patient.patient_id] : []), ...managed.map((row) => row.patient_id)]
  const everywhere = patientIds.length === 0 ? [] : await queries.listEnrollments(db, patientIds)
  const enrollments = everywhere.filter(
    (row) => impersonation === null || row.organization_id === impersonation.organizationId,
  )
  return {
    ...user,
    platform_roles: [...actor.platformRoles],
    memberships: impersonation === null ? await queries.listMemberships(db, actor.userId) : [],
    patient_profile: patient
      ? { ...patient, organizations: organizationsOf(enrollments, patient.patient_id) }
      : null,
    proxy_profile: proxy
      ? {
          proxy_id: proxy.id,
          patients: managed.map((row) => ({
            ...row,
            organizations: organizationsOf(enrollments, row.patient_id),
          })),
        }
      : null,
    impersonation: banner(impersonation, patient, enrollments),
  }
}
