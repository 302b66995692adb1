import { openPage } from '../../db/keyset.ts'
import { attempt } from '../../db/scope.ts'
import type { InvitationsHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { isMember, tightenSessions } from '../members/queries.ts'
import { mailInvitation, newInvitationToken } from './invite.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const alreadyMember = () => problem('ALREADY_MEMBER', 'You are a member already.')

export const invitationsHandlers = (services: Services): InvitationsHandlers => {
  const { clock, config, cursors, newId } = services
  return {
    async listInvitations({ db }, { params, query }) {
      const page = openPage(cursors, 'listInvitations', { ...query, ...params }, query)
      if (page instanceof Problem) return page
      const status = query.status === 'ALL' ? undefined : query.status
      const filter = { organizationId: params.org_id, status, now: clock.now() }
      const total = query.include_total ? await queries.countInvitations(db, filter) : undefined
      return page.close(await queries.listInvitations(db, filter, page), (row) => [row.id], total)
    },

    async resendInvitation({ db, enqueue }, { params }) {
      const now = clock.now()
      const { org_id, invitation_id } = params
      const row = await queries.lockInvitation(db, org_id, invitation_id, now)
      if (row === undefined) return notFound('invitation')
      const refusal = policy.refuseResend(row.status, row.resend_count)
      if (refusal) return refusal
      if (await isMember(db, org_id, row.email))
        return problem('ALREADY_MEMBER', 'Somebody with this address is a member.')
      const { token, hash, expiresAt } = newInvitationToken(now)
      const newer = problem('CONFLICT', 'There is a newer invitation for this address.')
      const refused = await attempt(db, { invitations_pending: newer }, () =>
        queries.renewInvitation(db, row.id, hash, expiresAt),
      )
      if (refused instanceof Problem) return refused
      const invitation = await queries.findInvitation(db, org_id, row.id, now)
      if (invitation === undefined) return notFound('invitation')
      await mailInvitation(db, services, enqueue, invitation, token)
      return invitation
    },

    async cancelInvitation({ db }, { params }) {
      const row = await queries.lockInvitation(db, params.org_id, params.invitation_id, clock.now())
      if (row === undefined) return notFound('invitation')
      const refusal = policy.refuseAnswer(row.status)
      if (refusal) return refusal
      await queries.cancelInvitation(db, row.id)
      return undefined
    },

    async getInvitation({ db }, { params }) {
      const offer = await queries.findOffer(db, params.token, clock.now())
      if (offer === undefined) return notFound('invitation')
      if (offer.status === 'EXPIRED') return problem('INVITATION_EXPIRED', 'Ask for a new one.')
      return offer.status === 'PENDING' ? offer : problem('INVITATION_USED')
    },

    async acceptInvitation({ db, actor, emit }, { params }) {
      const now = clock.now()
      const memberId = newId()
      const done = await queries.accept(db, params.token, memberId, now)
      const offer = await queries.findOffer(db, params.token, now)
      if (offer === undefined) return notFound('invitation')
      if (done === null) return alreadyMember()
      if (!done) return policy.refuseAnswer(offer.status) ?? problem('INTERNAL_ERROR')
      if (offer.organization_suspended) return problem('ACCOUNT_SUSPENDED', 'This organization is suspended.')
      await tightenSessions(db, actor.userId, now, config.sessions)
      const { organization_id, organization_name, role } = offer
      emit({
        type: 'member.joined',
        audience: { organization: organization_id },
        data: { organization_id, member_id: memberId, user_id: actor.userId, role },
      })
      return { invitation_id: offer.id, organization_id, organization_name, member_id: memberId, role }
    },

    async declineInvitation({ db }, { params }) {
      const now = clock.now()
      const done = await queries.decline(db, params.token, now)
      const offer = await queries.findOffer(db, params.token, now)
      if (offer === undefined) return notFound('invitation')
      return done ? offer : (policy.refuseAnswer(offer.status) ?? problem('INTERNAL_ERROR'))
    },
  }
}
