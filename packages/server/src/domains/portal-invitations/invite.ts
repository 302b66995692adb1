import type { Insertable } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { PortalInvitationsTable } from '../../generated/database.ts'
import type { Enqueue } from '../../http/handler.ts'
import { sealMail } from '../../jobs/mail.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import { patientMail, proxyMail } from './mails.ts'
import { insertInvitation } from './queries.ts'

const DAYS = 7

type Invitation = Omit<
  Insertable<PortalInvitationsTable>,
  'id' | 'token_hash' | 'expires_at' | 'attempts' | 'created_at' | 'updated_at'
>

/** Makes an invitation to a portal and mails its link, once this transaction has committed. */
export async function inviteToPortal(
  db: Db,
  services: Pick<Services, 'cipher' | 'clock' | 'newId' | 'publicUrl'>,
  enqueue: Enqueue,
  invitation: Invitation,
): Promise<{ id: string; expires_at: string }> {
  const now = services.clock.now()
  const expiresAt = new Date(now.getTime() + DAYS * 86_400_000)
  const token = newOpaqueToken()
  const id = services.newId()
  await insertInvitation(db, {
    ...invitation,
    id,
    token_hash: hashOpaqueToken(token),
    expires_at: expiresAt,
    created_at: now,
  })
  const mail = invitation.purpose === 'PATIENT' ? patientMail : proxyMail
  enqueue('mail', sealMail(services, { to: invitation.email, ...mail(services.publicUrl(), token, DAYS) }))
  return { id, expires_at: expiresAt.toISOString() }
}
