import { openPage } from '../../db/keyset.ts'
import type { MembersHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { invite } from '../invitations/invite.ts'
import * as queries from './queries.ts'

export const membersHandlers = (services: Services): MembersHandlers => ({
  async listMembers({ db }, { params, query }) {
    const page = openPage(services.cursors, 'listMembers', { ...query, ...params }, query)
    if (page instanceof Problem) return page
    const filter = { organizationId: params.org_id, role: query.role, search: query.search }
    const total = query.include_total ? await queries.countMembers(db, filter) : undefined
    return page.close(await queries.listMembers(db, filter, page), (row) => [row.id], total)
  },

  async inviteMember({ db, actor, enqueue }, { params, body }) {
    if (await queries.isMember(db, params.org_id, body.email))
      return problem('ALREADY_MEMBER', 'Somebody with this address is a member.')
    return invite(db, services, enqueue, {
      organizationId: params.org_id,
      inviterId: actor.userId,
      email: body.email,
      role: body.role,
    })
  },

  async updateMember({ db }, { params, body }) {
    const { org_id, member_id } = params
    const refused = await queries.updateRole(db, org_id, member_id, body.role)
    if (refused instanceof Problem) return refused
    return (await queries.findMember(db, org_id, member_id)) ?? notFound('member')
  },

  async removeMember({ db, emit }, { params }) {
    const gone = await queries.removeMember(db, params.org_id, params.member_id, services.clock.now())
    if (gone instanceof Problem) return gone
    if (gone === undefined) return notFound('member')
    const { id, organization_id, user_id, role } = gone
    emit({
      type: 'member.removed',
      audience: { organization: organization_id },
      data: { organization_id, member_id: id, user_id, role },
    })
    return undefined
  },
})
