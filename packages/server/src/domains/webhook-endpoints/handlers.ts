import type { Updateable } from 'kysely'
import { openPage } from '../../db/keyset.ts'
import type { components } from '../../generated/contract.ts'
import type { WebhookEndpointsTable } from '../../generated/database.ts'
import type { WebhookEndpointsHandlers } from '../../generated/handlers.ts'
import { notFound, Problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import * as policy from './policy.ts'
import * as queries from './queries.ts'
import { newWebhookSecret, OVERLAP_MS, secretContext } from './secrets.ts'

type Update = components['schemas']['WebhookEndpointUpdate']

const unknownEndpoint = () => notFound('webhook endpoint')

/** Enabling it, or sending elsewhere, gives it three days anew. */
const changeOf = ({ url, description, event_types, enabled }: Update, wasEnabled: boolean, now: Date) => {
  const change: Updateable<WebhookEndpointsTable> = {}
  if (url !== undefined) Object.assign(change, { url: new URL(url).href, failing_since: null })
  if (description !== undefined) change.description = description?.trim() ?? null
  if (event_types !== undefined) change.event_types = event_types
  if (enabled === true && !wasEnabled)
    Object.assign(change, { disabled_at: null, disabled_reason: null, failing_since: null })
  if (enabled === false && wasEnabled) Object.assign(change, { disabled_at: now, disabled_reason: 'ADMIN' })
  return change
}

export const webhookEndpointsHandlers = ({
  clock,
  config,
  cursors,
  cipher,
  newId,
}: Services): WebhookEndpointsHandlers => {
  const { allowPrivate } = config.webhooks
  return {
    async listWebhookEndpoints({ db }, { params, query }) {
      const page = openPage(cursors, 'listWebhookEndpoints', params, query)
      if (page instanceof Problem) return page
      const total = query.include_total ? await queries.countEndpoints(db, params.org_id) : undefined
      const rows = await queries.listEndpoints(db, params.org_id, page, clock.now())
      return page.close(rows, (row) => [row.id], total)
    },

    async createWebhookEndpoint({ db }, { params: { org_id }, body }) {
      const invalid = policy.refuseAddress(body.url, allowPrivate)
      if (invalid) return invalid
      await queries.lockEndpoints(db, org_id)
      const refusal = policy.refuseAnother(await queries.countEndpoints(db, org_id))
      if (refusal) return refusal
      const now = clock.now()
      const id = newId()
      const secret = newWebhookSecret()
      await queries.insertEndpoint(db, {
        id,
        organization_id: org_id,
        url: new URL(body.url).href,
        description: body.description?.trim() ?? null,
        event_types: body.event_types ?? [],
        secret: cipher.encrypt(secret, secretContext(id)),
        created_at: now,
        updated_at: now,
      })
      const endpoint = await queries.findEndpoint(db, org_id, id, now)
      return endpoint === undefined ? unknownEndpoint() : { ...endpoint, secret }
    },

    async updateWebhookEndpoint({ db }, { params: { org_id, endpoint_id }, body }) {
      const now = clock.now()
      const invalid = body.url === undefined ? undefined : policy.refuseAddress(body.url, allowPrivate)
      if (invalid) return invalid
      const before = await queries.findEndpoint(db, org_id, endpoint_id, now)
      if (before === undefined) return unknownEndpoint()
      const change = changeOf(body, before.enabled, now)
      if (Object.keys(change).length > 0) await queries.updateEndpoint(db, org_id, endpoint_id, change)
      return (await queries.findEndpoint(db, org_id, endpoint_id, now)) ?? unknownEndpoint()
    },

    async deleteWebhookEndpoint({ db }, { params: { org_id, endpoint_id } }) {
      return (await queries.deleteEndpoint(db, org_id, endpoint_id)) ? undefined : unknownEndpoint()
    },

    async rotateWebhookSecret({ db }, { params: { org_id, endpoint_id } }) {
      const now = clock.now()
      const old = await queries.lockSecret(db, org_id, endpoint_id)
      if (old === undefined) return unknownEndpoint()
      const secret = newWebhookSecret()
      await queries.updateEndpoint(db, org_id, endpoint_id, {
        secret: cipher.encrypt(secret, secretContext(endpoint_id)),
        old_secret: old.secret,
        old_secret_until: new Date(now.getTime() + OVERLAP_MS),
      })
      const endpoint = await queries.findEndpoint(db, org_id, endpoint_id, now)
      return endpoint === undefined ? unknownEndpoint() : { ...endpoint, secret }
    },

    async listWebhookDeliveries({ db }, { params, query }) {
      const page = openPage(cursors, 'listWebhookDeliveries', { ...query, ...params }, query)
      if (page instanceof Problem) return page
      const { org_id: organizationId, endpoint_id: endpointId } = params
      if ((await queries.findEndpoint(db, organizationId, endpointId, clock.now())) === undefined)
        return unknownEndpoint()
      const filter = { organizationId, endpointId, status: query.status }
      const total = query.include_total ? await queries.countDeliveries(db, filter) : undefined
      return page.close(await queries.listDeliveries(db, filter, page), (row) => [row.id], total)
    },

    async replayWebhookDelivery({ db }, { params: { org_id, endpoint_id, delivery_id } }) {
      const now = clock.now()
      const filter = { organizationId: org_id, endpointId: endpoint_id }
      const endpoint = await queries.findEndpoint(db, org_id, endpoint_id, now)
      if (endpoint === undefined) return unknownEndpoint()
      const delivery = await queries.findDelivery(db, filter, delivery_id)
      if (delivery === undefined) return notFound('delivery')
      const refusal = policy.refuseReplay(endpoint, delivery)
      if (refusal) return refusal
      const id = newId()
      await queries.insertReplay(db, org_id, delivery_id, id, now)
      return (await queries.findDelivery(db, filter, id)) ?? notFound('delivery')
    },
  }
}
