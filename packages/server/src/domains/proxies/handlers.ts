import { openPage } from '../../db/keyset.ts'
import type { ProxiesHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findEnrollment, lockEnrollment } from '../enrollment/queries.ts'
import { notify } from '../notifications/notify.ts'
import { inviteToPortal } from '../portal-invitations/invite.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const noPatient = () => notFound('patient')
const noProxy = () => notFound('proxy')

export const proxiesHandlers = (services: Services): ProxiesHandlers => {
  const { clock, cursors, newId } = services
  return {
    async listProxies({ db }, { params, query }) {
      const now = clock.now()
      const { org_id, patient_id } = params
      const page = openPage(cursors, 'listProxies', { ...query, ...params }, query)
      if (page instanceof Problem) return page
      if (!(await findEnrollment(db, org_id, patient_id))) return noPatient()
      const total = query.include_total ? await queries.countProxies(db, org_id, patient_id, now) : undefined
      return page.close(
        await queries.listProxies(db, org_id, patient_id, now, page),
        (row) => [row.id],
        total,
      )
    },

    async assignProxy({ db, actor, emit, enqueue }, { params, body }) {
      const now = clock.now()
      const { org_id, patient_id } = params
      const late = policy.refuseEnd(body.expires_at, now)
      if (late) return late
      const patient = await lockEnrollment(db, org_id, patient_id)
      if (!patient) return noPatient()
      const { email, ...given } = body
      const terms: queries.ProxyTerms = {
        relationship_type: given.relationship_type,
        can_view_clinical_notes: given.can_view_clinical_notes ?? false,
        can_view_billing: given.can_view_billing ?? true,
        can_schedule_appointments: given.can_schedule_appointments ?? true,
        expires_at: given.expires_at ?? null,
      }
      const account = await queries.findAccount(db, email)
      if (!account) {
        if (await queries.isInvited(db, org_id, patient_id, email, now))
          return problem('CONFLICT', 'This address was invited already.')
        const { expires_at: access_expires_at, ...permissions } = terms
        const { id } = await inviteToPortal(db, services, enqueue, {
          organization_id: org_id,
          patient_id,
          purpose: 'PROXY',
          email,
          inviter_user_id: actor.userId,
          ...permissions,
          access_expires_at,
        })
        return (await queries.findProxy(db, org_id, patient_id, id, now)) ?? noProxy()
      }
      const refusal = policy.refuseCandidate(account.id, actor.userId, patient.user_id)
      if (refusal) return refusal
      const id = newId()
      const proxyId = await queries.ensureProxy(db, newId(), account.id)
      await queries.closeExpired(db, proxyId, patient_id, now)
      const refused = await queries.insertAssignment(db, {
        ...terms,
        id,
        proxy_id: proxyId,
        patient_id,
        access_granted_at: now,
      })
      if (refused instanceof Problem) return refused
      await notify(db, { emit, enqueue, newId }, [account.id], {
        organization_id: org_id,
        type: 'system',
        title: 'You can act for a patient',
        body: 'A care organization gave you access to the portal of somebody you care for.',
        action_url: '/proxy/patients',
        created_at: now,
      })
      return (await queries.findProxy(db, org_id, patient_id, id, now)) ?? noProxy()
    },

    async updateProxy({ db }, { params, body }) {
      const now = clock.now()
      const late = policy.refuseEnd(body.expires_at, now)
      if (late) return late
      const { org_id, patient_id, assignment_id: id } = params
      const which = { organizationId: org_id, patientId: patient_id, id }
      if (!(await queries.updateProxy(db, which, body))) return noProxy()
      return (await queries.findProxy(db, org_id, patient_id, id, now)) ?? noProxy()
    },

    async revokeProxy({ db }, { params }) {
      const { org_id, patient_id, assignment_id: id } = params
      const which = { organizationId: org_id, patientId: patient_id, id }
      return (await queries.revokeProxy(db, which, clock.now())) ? undefined : noProxy()
    },
  }
}
