import { openPage } from '../../db/keyset.ts'
import type { StaffHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { isMember, worksElsewhere } from '../providers/queries.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const noStaff = () => notFound('staff profile')

export const staffHandlers = ({ clock, cursors, newId }: Services): StaffHandlers => ({
  async listStaff({ db }, { params, query }) {
    const page = openPage(cursors, 'listStaff', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    const filter = { organizationId: params.org_id, jobTitle: query.job_title, search: query.search }
    const total = query.include_total ? await queries.countStaff(db, filter) : undefined
    return page.close(await queries.listStaff(db, filter, page), (row) => [row.member_id], total)
  },

  async createStaff({ db }, { params, body }) {
    if (!(await isMember(db, params.org_id, body.user_id))) return notFound('member')
    const id = newId()
    const refused = await queries.insertStaff(db, {
      id,
      user_id: body.user_id,
      employee_id: body.employee_id?.trim() ?? null,
      job_title: body.job_title?.trim() ?? null,
    })
    if (refused instanceof Problem) return refused
    return (await queries.findStaff(db, params.org_id, id)) ?? noStaff()
  },

  async getStaff({ db, actor }, { params }) {
    const staff = await queries.findStaff(db, params.org_id, params.staff_id)
    return staff && policy.maySee(actor, staff.user_id) ? staff : noStaff()
  },

  async updateStaff({ db }, { params, body }) {
    const staff = await queries.findStaff(db, params.org_id, params.staff_id)
    if (!staff) return noStaff()
    const { employee_id, job_title } = body
    await queries.updateStaff(db, staff.id, {
      ...(employee_id !== undefined && { employee_id: employee_id?.trim() ?? null }),
      ...(job_title !== undefined && { job_title: job_title?.trim() ?? null }),
    })
    return (await queries.findStaff(db, params.org_id, staff.id)) ?? noStaff()
  },

  async deleteStaff({ db }, { params }) {
    const staff = await queries.findStaff(db, params.org_id, params.staff_id)
    if (!staff) return noStaff()
    if (await worksElsewhere(db, staff.user_id))
      return problem('CONFLICT', 'The profile serves another organization too: remove the member instead.')
    await queries.deleteStaff(db, staff.id, clock.now())
    return undefined
  },
})
