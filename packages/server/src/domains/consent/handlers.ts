import { openPage } from '../../db/keyset.ts'
import { attempt } from '../../db/scope.ts'
import type { ConsentHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { announceDocument } from './announce.ts'
import * as queries from './queries.ts'

export const consentHandlers = ({ clock, cursors, newId }: Services): ConsentHandlers => ({
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

  async listConsentHistory({ db, actor: { userId } }, { query }) {
    const page = openPage(cursors, 'listConsentHistory', { user_id: userId }, query)
    if (page instanceof Problem) return page
    const rows = await queries.listConsents(db, userId, page)
    const total = query.include_total ? await queries.countConsents(db, userId) : undefined
    return page.close(rows, ({ agreed_at, id }) => [agreed_at, id], total)
  },

  async publishConsentDocument({ db, emit }, { body }) {
    const now = clock.now()
    const effective = body.effective_date === undefined ? now : new Date(body.effective_date)
    if (effective < now)
      return problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/effective_date', message: 'must not be in the past' }],
      })
    const { type, version } = body
    const document = {
      id: newId(),
      type,
      version,
      title: body.title.trim(),
      content: body.content,
      effective_date: effective.toISOString(),
    }
    const exists = problem('CONFLICT', `The version ${version} of ${type} exists.`)
    const inserted = await attempt(db, { consent_documents_type_version_key: exists }, () =>
      queries.insertDocument(db, { ...document, announce_at: effective > now ? effective : null }),
    )
    if (inserted instanceof Problem) return inserted
    if (effective <= now) announceDocument(emit, document)
    return document
  },
})
