import { openPage } from '../../db/keyset.ts'
import type { ApiKeysHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import { newApiKey } from '../../security/api-keys.ts'
import { hashOpaqueToken } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'

export const apiKeysHandlers = ({ clock, cursors, newId }: Services): ApiKeysHandlers => ({
  async listApiKeys({ db }, { params, query }) {
    const page = openPage(cursors, 'listApiKeys', params, query)
    if (page instanceof Problem) return page
    const total = query.include_total ? await queries.countApiKeys(db, params.org_id) : undefined
    return page.close(await queries.listApiKeys(db, params.org_id, page), (row) => [row.id], total)
  },

  async createApiKey({ db, actor }, { params, body }) {
    const now = clock.now()
    const { expires_at: expiresAt = null } = body
    if (expiresAt !== null && Date.parse(expiresAt) <= now.getTime())
      return problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/expires_at', message: 'must be in the future' }],
      })
    const { prefix, secret } = newApiKey()
    const id = newId()
    await queries.insertApiKey(db, {
      id,
      organization_id: params.org_id,
      name: body.name.trim(),
      prefix,
      secret_hash: hashOpaqueToken(secret),
      role: body.role,
      scopes: body.scopes ?? ['read', 'write'],
      created_by: actor.userId,
      expires_at: expiresAt,
      created_at: now,
    })
    const key = await queries.findApiKey(db, params.org_id, id)
    return key === undefined ? notFound('API key') : { ...key, secret }
  },

  async revokeApiKey({ db, actor }, { params }) {
    const { org_id, api_key_id } = params
    await queries.revokeApiKey(db, org_id, api_key_id, actor.userId, clock.now())
    return (await queries.findApiKey(db, org_id, api_key_id)) === undefined ? notFound('API key') : undefined
  },
})
