import { type Insertable, sql } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { PortalInvitationsTable } from '../../generated/database.ts'
import { hashOpaqueToken } from '../../security/tokens.ts'

export const insertInvitation = (db: Db, invitation: Insertable<PortalInvitationsTable>) =>
  db.insertInto('portal_invitations').values(invitation).execute()

const open = (db: Db, organizationId: string, patientId: string) =>
  db
    .updateTable('portal_invitations')
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('accepted_at', 'is', null)
    .where('cancelled_at', 'is', null)

/** Voids what this organization sent for the patient: links to the patient's own portal, or every link. */
export const cancelInvitations = (
  db: Db,
  organizationId: string,
  patientId: string,
  which: 'PATIENT' | 'all',
  now: Date,
) => {
  const all = open(db, organizationId, patientId).set({ cancelled_at: now })
  return (which === 'all' ? all : all.where('purpose', '=', which)).execute()
}

interface Accepted {
  readonly outcome: 'LINKED' | 'TAKEN' | 'OTHER' | 'UNKNOWN'
  readonly organization_id: string
  readonly patient_id: string
  readonly purpose: 'PATIENT' | 'PROXY'
}

/** Links the person in scope as the invitation says; the function is a door in the tenant's wall. */
export async function accept(
  db: Db,
  given: { readonly token: string; readonly dob: string },
  ids: { readonly proxy: string; readonly assignment: string },
  now: Date,
): Promise<Accepted | undefined> {
  const { rows } = await sql<Accepted>`select * from accept_portal_invitation(${hashOpaqueToken(given.token)},
    ${given.dob}, ${ids.proxy}, ${ids.assignment}, ${now})`.execute(db)
  return rows[0]
}
