import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Enqueue } from '../../http/handler.ts'
import type { OrganizationRole } from '../../http/operation.ts'
import { notFound, type Problem, problem } from '../../http/problem.ts'
import { sealMail } from '../../jobs/mail.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import { invitationMail } from './mails.ts'
import * as queries from './queries.ts'

export const DAYS = 7

/** A new token, what is stored of it, and until when it is good. */
export function newInvitationToken(now: Date) {
  const token = newOpaqueToken()
  return { token, hash: hashOpaqueToken(token), expiresAt: new Date(now.getTime() + DAYS * 86_400_000) }
}

/** Mails the link, once this transaction has committed. */
export async function mailInvitation(
  db: Db,
  services: Pick<Services, 'cipher' | 'newId' | 'publicUrl'>,
  enqueue: Enqueue,
  invitation: Pick<components['schemas']['Invitation'], 'organization_id' | 'email'>,
  token: string,
): Promise<void> {
  const name = (await queries.findOrganizationName(db, invitation.organization_id)) ?? 'An organization'
  const mail = invitationMail(services.publicUrl(), token, name, DAYS)
  enqueue('mail', sealMail(services, { to: invitation.email, ...mail }))
}

interface Invite {
  readonly organizationId: string
  readonly inviterId: string
  readonly email: string
  readonly role: OrganizationRole
}

/** Makes an invitation and mails its link. One open invitation an address. */
export async function invite(
  db: Db,
  services: Pick<Services, 'cipher' | 'clock' | 'newId' | 'publicUrl'>,
  enqueue: Enqueue,
  { organizationId, inviterId, email, role }: Invite,
): Promise<components['schemas']['Invitation'] | Problem<'CONFLICT' | 'NOT_FOUND'>> {
  const now = services.clock.now()
  const { token, hash, expiresAt } = newInvitationToken(now)
  const id = services.newId()
  await queries.expireOld(db, organizationId, email, now)
  const made = await queries.insertInvitation(db, {
    id,
    organization_id: organizationId,
    email,
    role,
    token_hash: hash,
    inviter_user_id: inviterId,
    expires_at: expiresAt,
    created_at: now,
  })
  if (!made) return problem('CONFLICT', 'This address is invited already; send the invitation again.')
  const invitation = await queries.findInvitation(db, organizationId, id, now)
  if (invitation === undefined) return notFound('invitation')
  await mailInvitation(db, services, enqueue, invitation, token)
  return invitation
}
