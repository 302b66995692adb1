import { openPage } from '../../db/keyset.ts'
import type { components } from '../../generated/contract.ts'
import type { OrganizationsHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { announceEnd } from '../admin/ended.ts'
import { findOrganization as findPayer } from '../billing/queries.ts'
import { tightenSessions } from '../members/queries.ts'
import { validOrganization } from './policy.ts'
import * as queries from './queries.ts'

type OrganizationDetail = components['schemas']['OrganizationDetail']
type Row = NonNullable<Awaited<ReturnType<typeof queries.findOrganization>>>

const toDetail = (row: Row, role: OrganizationDetail['role']): OrganizationDetail => ({
  ...row,
  // Written only through the contract's OrganizationSettings.
  settings: row.settings as OrganizationDetail['settings'],
  role,
})

export const organizationsHandlers = ({
  billing,
  clock,
  config,
  cursors,
  newId,
}: Services): OrganizationsHandlers => ({
  async listOrganizations({ db, actor }, { query }) {
    const page = openPage(cursors, 'listOrganizations', { user_id: actor.userId }, query)
    if (page instanceof Problem) return page
    // Where the patient works is not for whoever looks at the patient.
    const hidden = actor.impersonation !== null
    const rows = hidden ? [] : await queries.listOrganizations(db, actor.userId, page)
    const total = query.include_total
      ? hidden
        ? 0
        : await queries.countOrganizations(db, actor.userId)
      : undefined
    return page.close(rows, ({ name, id }) => [name, id], total)
  },

  async createOrganization({ db, actor }, { body }) {
    const refusal = validOrganization(body)
    if (refusal !== undefined) return refusal
    const id = newId()
    await queries.createOrganization(db, {
      id,
      membershipId: newId(),
      name: body.name.trim(),
      taxId: body.tax_id ?? null,
      timezone: body.timezone ?? 'America/New_York',
      settings: body.settings ?? {},
    })
    await tightenSessions(db, actor.userId, clock.now(), config.sessions)
    const row = await queries.findOrganization(db, id)
    return row === undefined ? problem('INTERNAL_ERROR') : toDetail(row, 'ADMIN')
  },

  async getOrganization({ db, actor }, { params }) {
    const row = await queries.findOrganization(db, params.org_id)
    if (row === undefined) return notFound('organization')
    return toDetail(row, actor.as.kind === 'member' ? actor.as.role : null)
  },

  async updateOrganization({ db, actor }, { params, body }) {
    const refusal = validOrganization(body)
    if (refusal !== undefined) return refusal
    const { name, timezone, settings } = body
    await queries.updateOrganization(db, params.org_id, {
      ...(name !== undefined && { name: name.trim() }),
      ...(timezone !== undefined && { timezone }),
      ...(settings !== undefined && { settings: JSON.stringify(settings) }),
    })
    const row = await queries.findOrganization(db, params.org_id)
    if (row === undefined) return notFound('organization')
    return toDetail(row, actor.as.kind === 'member' ? actor.as.role : null)
  },

  async deleteOrganization({ db, emit, enqueue }, { params }) {
    const now = clock.now()
    for (const ended of await queries.endImpersonations(db, params.org_id, now))
      await announceEnd(db, { emit, enqueue, newId }, ended, now)
    const customer = billing && (await findPayer(db, params.org_id))?.stripe_customer_id
    await queries.deleteOrganization(db, params.org_id, now)
    // It ends what a deleted organization would go on paying for.
    if (customer) enqueue('billing-sync', { customer_id: customer })
    return undefined
  },
})
