import { openPage } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { ProvidersHandlers } from '../../generated/handlers.ts'
import type { ApiKey, Person } from '../../http/actor.ts'
import { versionOf } from '../../http/etag.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { isBooked, leaveTeams } from '../care-team/queries.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'

const noProvider = () => notFound('provider')

export const providersHandlers = ({ clock, cursors, newId }: Services): ProvidersHandlers => {
  const show = async (db: Db, actor: Person | ApiKey, organizationId: string, id: string) => {
    const provider = await queries.findProvider(db, organizationId, id, clock.now())
    if (!provider) return noProvider()
    return policy.seesDea(actor, provider.user_id) ? provider : { ...provider, dea_number: null }
  }
  return {
    async listProviders({ db }, { params, query }) {
      const page = openPage(cursors, 'listProviders', { ...query, ...params }, query)
      if (page instanceof Problem) return page
      const filter = { organizationId: params.org_id, specialty: query.specialty, search: query.search }
      const total = query.include_total ? await queries.countProviders(db, filter) : undefined
      const rows = await queries.listProviders(db, filter, clock.now(), page)
      return page.close(rows, (row) => [row.member_id], total)
    },

    async createProvider({ db, actor }, { params, body }) {
      const refusal = policy.refuseProvider(body)
      if (refusal) return refusal
      if (!(await queries.isMember(db, params.org_id, body.user_id))) return notFound('member')
      const id = newId()
      const refused = await queries.insertProvider(db, {
        id,
        user_id: body.user_id,
        npi_number: body.npi_number,
        dea_number: body.dea_number ?? null,
        specialty: body.specialty?.trim() ?? null,
        state_licenses: body.state_licenses ?? [],
      })
      if (refused instanceof Problem) return refused
      return show(db, actor, params.org_id, id)
    },

    getProvider: ({ db, actor }, { params }) => show(db, actor, params.org_id, params.provider_id),

    async updateProvider({ db, actor }, { params, headers, body }) {
      const invalid = policy.refuseProvider(body)
      if (invalid) return invalid
      const provider = await queries.lockProvider(db, params.org_id, params.provider_id)
      if (!provider) return noProvider()
      const refusal = policy.refuseOthersProfile(actor, provider.user_id)
      if (refusal) return refusal
      const ifMatch = headers['if-match']
      if (ifMatch !== undefined && versionOf(ifMatch) !== provider.version)
        return problem('PRECONDITION_FAILED', undefined, { current_version: provider.version })
      const { specialty, ...rest } = body
      const changes = { ...rest, ...(specialty !== undefined && { specialty: specialty.trim() }) }
      const refused = await queries.updateProvider(db, provider.id, changes)
      if (refused instanceof Problem) return refused
      return show(db, actor, params.org_id, provider.id)
    },

    async deleteProvider({ db }, { params }) {
      const now = clock.now()
      const provider = await queries.lockProvider(db, params.org_id, params.provider_id)
      if (!provider) return noProvider()
      if (await queries.worksElsewhere(db, provider.user_id))
        return problem('CONFLICT', 'The profile serves another organization too: remove the member instead.')
      if (await isBooked(db, params.org_id, { providerId: provider.id }, now))
        return problem('CONFLICT', 'Appointments are booked: move or cancel them first.')
      await leaveTeams(db, params.org_id, provider.id)
      await queries.deleteProvider(db, provider.id, now)
      return undefined
    },
  }
}
