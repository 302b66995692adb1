import type { components } from '../../generated/contract.ts'
import type { ApiKey, Person } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'

type ScanStatus = components['schemas']['ScanStatus']

/** Members upload for every patient of the organization, patients for themselves. */
export const mayUploadFor = ({ as }: Person | ApiKey, patientId: string): boolean =>
  as.kind === 'member' ||
  (as.kind === 'patient' && as.patients.some((patient) => patient.self && patient.patientId === patientId))

/** Late results of a discharged patient are still filed; what the patient sends is a message, and those have ended. */
export const refuseDischarged = (
  { as }: Person | ApiKey,
  status: 'ACTIVE' | 'DISCHARGED',
): Problem<'PATIENT_DISCHARGED'> | undefined =>
  as.kind === 'patient' && status === 'DISCHARGED'
    ? problem('PATIENT_DISCHARGED', 'This practice takes no documents from you any more.')
    : undefined

interface Announced {
  readonly size_bytes: number
}

interface Found {
  readonly size: number
  readonly sha256: string
  readonly asAnnounced: boolean
}

/** The file is not what was announced. */
export function refuseContent(
  { size_bytes }: Announced,
  found: Found,
  sha256: string,
): Problem<'VALIDATION_ERROR'> | undefined {
  const errors = [
    ...(found.size === size_bytes
      ? []
      : [{ pointer: '/size_bytes', message: `the file has ${found.size} bytes, not ${size_bytes}` }]),
    ...(found.asAnnounced
      ? []
      : [{ pointer: '/content_type', message: 'the file is of another type, by its content' }]),
    ...(found.sha256 === sha256 ? [] : [{ pointer: '/sha256', message: 'the file has another SHA-256' }]),
  ]
  return errors.length > 0
    ? problem('VALIDATION_ERROR', 'The file is not what was announced; send it again.', { errors })
    : undefined
}

/** Only what is clean, or what nobody could look at and the operator allows. */
export function refuseDownload(
  status: ScanStatus,
  { scanner, allowUnscanned }: { scanner: boolean; allowUnscanned: boolean },
): Problem<'DOCUMENT_INFECTED' | 'DOCUMENT_NOT_SCANNED'> | undefined {
  if (status === 'CLEAN') return undefined
  if (status === 'INFECTED') return problem('DOCUMENT_INFECTED', 'It is quarantined; nobody can download it.')
  if (allowUnscanned) return undefined
  const why = !scanner
    ? 'The server has no virus scanner; its operator must configure one, or allow files that are not scanned.'
    : status === 'FAILED'
      ? 'The virus scanner could not look at it.'
      : 'The virus scanner has not looked at it yet; try again in a moment.'
  return problem('DOCUMENT_NOT_SCANNED', why)
}
