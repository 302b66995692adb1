import type { Admission } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'

/** The patients whose threads the caller may see; null: any of the organization that it takes part in. */
export const visiblePatients = (as: Admission, patientId?: string): string[] | null => {
  if (as.kind !== 'patient') return patientId === undefined ? null : [patientId]
  const reachable = as.patients.map((patient) => patient.patientId)
  return patientId === undefined ? reachable : reachable.filter((id) => id === patientId)
}

/** DISCHARGED patients take no messages. */
export const refuseDischarged = (
  status: 'ACTIVE' | 'DISCHARGED',
): Problem<'PATIENT_DISCHARGED'> | undefined =>
  status === 'DISCHARGED' ? problem('PATIENT_DISCHARGED', 'The patient is not in care here.') : undefined

/** Everybody written to must be allowed to read about the patient. */
export const refuseStrangers = (
  asked: readonly string[],
  admissible: readonly { readonly id: string }[],
): Problem<'FORBIDDEN'> | undefined =>
  asked.length === admissible.length
    ? undefined
    : problem(
        'FORBIDDEN',
        'Only the patient, proxies with access to clinical notes and care staff may take part.',
      )

/** Only what everybody in the thread may see can be attached. */
export function refuseAttachments(
  asked: readonly string[],
  attachable: readonly string[],
): Problem<'VALIDATION_ERROR'> | undefined {
  const errors = asked.flatMap((id, index) =>
    attachable.includes(id)
      ? []
      : [{ pointer: `/attachments/${index}`, message: 'must be a document of this patient' }],
  )
  return errors.length === 0 ? undefined : problem('VALIDATION_ERROR', undefined, { errors })
}

/** Read and unread at once is neither. */
export const refuseBoth = (body: {
  readonly mark_read?: true
  readonly mark_unread?: true
}): Problem<'VALIDATION_ERROR'> | undefined =>
  body.mark_read && body.mark_unread
    ? problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/mark_unread', message: 'does not go with mark_read' }],
      })
    : undefined
