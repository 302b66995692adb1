import { openPage } from '../../db/keyset.ts'
import type { CareTeamHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { findEnrollment, lockEnrollment } from '../enrollment/queries.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

/** What an answer about a patient holds, as the contract says. */
const MOST = 100

const noPatient = () => notFound('patient')
const noMember = () => notFound('care team member')

export const careTeamHandlers = ({ clock, cursors, newId }: Services): CareTeamHandlers => ({
  async listCareTeam({ db }, { params, query }) {
    const { org_id, patient_id } = params
    const page = openPage(cursors, 'listCareTeam', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    if (!(await findEnrollment(db, org_id, patient_id))) return noPatient()
    const total = query.include_total ? await queries.countTeam(db, org_id, patient_id) : undefined
    return page.close(
      await queries.listTeam(db, org_id, patient_id, page),
      (row) => [row.follows, row.assigned_at, row.id],
      total,
    )
  },

  async addCareTeamMember({ db, actor }, { params, body }) {
    const { org_id, patient_id } = params
    // Held: of two primaries named at once the second finds the first, and takes its place.
    if (!(await lockEnrollment(db, org_id, patient_id))) return noPatient()
    const refusal = await policy.refuseOthers(db, actor, org_id, patient_id)
    if (refusal) return refusal
    const { provider_id, is_primary_provider = false } = body
    if (!(await queries.isProviderHere(db, org_id, provider_id))) return notFound('provider')
    if ((await queries.countTeam(db, org_id, patient_id)) >= MOST)
      return problem('CONFLICT', `A care team has at most ${MOST} members.`)
    if (is_primary_provider) await queries.demotePrimary(db, org_id, patient_id)
    const id = newId()
    const added = await queries.insertMember(db, {
      id,
      organization_id: org_id,
      patient_id,
      provider_id,
      is_primary_provider,
      assigned_at: clock.now(),
    })
    if (added instanceof Problem) return added
    return (await queries.findMember(db, org_id, patient_id, id)) ?? noMember()
  },

  async updateCareTeamMember({ db, actor }, { params, body }) {
    const { org_id, patient_id, assignment_id } = params
    if (!(await lockEnrollment(db, org_id, patient_id))) return noPatient()
    const refusal = await policy.refuseOthers(db, actor, org_id, patient_id)
    if (refusal) return refusal
    const member = await queries.findMember(db, org_id, patient_id, assignment_id)
    if (!member) return noMember()
    const { is_primary_provider } = body
    if (is_primary_provider === member.is_primary_provider) return member
    const now = clock.now()
    const busy = await policy.refuseBookedPrimary(db, org_id, patient_id, member, now)
    if (busy) return busy
    if (is_primary_provider) await queries.demotePrimary(db, org_id, patient_id)
    await queries.setPrimary(db, org_id, assignment_id, is_primary_provider)
    return { ...member, is_primary_provider }
  },

  async removeCareTeamMember({ db }, { params }) {
    const { org_id, patient_id, assignment_id } = params
    if (!(await lockEnrollment(db, org_id, patient_id))) return noPatient()
    const member = await queries.findMember(db, org_id, patient_id, assignment_id)
    if (!member) return noMember()
    const busy = await policy.refuseBookedPrimary(db, org_id, patient_id, member, clock.now())
    if (busy) return busy
    await queries.removeMember(db, org_id, assignment_id)
    return undefined
  },
})
