import type { ConsentHandlers } from '../../generated/handlers.ts'
import { notFound, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'

export const consentHandlers = ({ clock, newId }: Services): ConsentHandlers => ({
  async listRequiredConsents({ db, actor }) {
    return { items: await queries.listPending(db, actor.userId, clock.now()) }
  },

  async getConsentDocument({ db }, { params }) {
    return (await queries.findDocument(db, params.document_id)) ?? notFound('document')
  },

  async recordConsent({ db, actor }, { body }) {
    const now = clock.now()
    const signed = await queries.findConsent(db, actor.userId, body.document_id)
    if (signed !== undefined) return signed
    if ((await queries.findDocument(db, body.document_id)) === undefined) return notFound('document')
    if (!(await queries.isInForce(db, body.document_id, now)))
      return problem('CONFLICT', 'This version is not in force.')
    await queries.insertConsent(db, {
      id: newId(),
      user_id: actor.userId,
      document_id: body.document_id,
      agreed_at: now,
      ip_address: actor.origin.ip,
    })
    return (await queries.findConsent(db, actor.userId, body.document_id)) ?? notFound('document')
  },
})
