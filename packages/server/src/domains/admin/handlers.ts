import { openPage } from '../../db/keyset.ts'
import type { components } from '../../generated/contract.ts'
import type { AdminHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { announceEnd } from './ended.ts'
import { maskName } from './masking.ts'
import { organizationOf, organizationRequired, seesNames, targetRefusal } from './policy.ts'
import * as queries from './queries.ts'
import { shownRow } from './shown.ts'

const DAY_MS = 86_400_000

export const adminHandlers = (services: Services): AdminHandlers => {
  const { audit, clock, cursors, newId, tokens } = services
  return {
    async impersonatePatient({ db, actor, emit }, { params, body }) {
      const organizationId = organizationOf(actor.as)
      if (organizationId === null) return organizationRequired()
      const target = await queries.findTarget(db, organizationId, params.patient_id)
      if (target === undefined) return notFound('patient')
      const refusal = targetRefusal(target, actor)
      if (refusal !== undefined) return refusal
      // targetRefusal answers when there is no sign-in.
      if (target.user_id === null) return notFound('patient')

      const now = clock.now()
      const seconds = (body.duration_minutes ?? 60) * 60
      const expiresAt = new Date(now.getTime() + seconds * 1000)
      const impersonationId = newId()
      const sessionId = newId()
      const reason = body.reason.trim()
      // Break glass: the row is on disk before there is anything to use. When it cannot be, this rejects.
      const auditLogId = await audit.commitFirst(actor, {
        organizationId,
        resourceId: impersonationId,
        reason,
      })
      await queries.insertImpersonation(
        db,
        {
          id: impersonationId,
          organization_id: organizationId,
          patient_id: target.id,
          admin_user_id: actor.userId,
          reason,
          started_at: now,
          expires_at: expiresAt,
          audit_log_id: auditLogId,
        },
        {
          id: sessionId,
          user_id: target.user_id,
          impersonation_id: impersonationId,
          user_agent: actor.origin.userAgent,
          ip_address: actor.origin.ip,
          idle_seconds: seconds,
          last_active_at: now,
          expires_at: expiresAt,
          created_at: now,
        },
      )
      emit({
        type: 'impersonation.started',
        audience: { organization: organizationId },
        data: {
          impersonation_id: impersonationId,
          organization_id: organizationId,
          patient_id: target.id,
          admin_user_id: actor.userId,
          expires_at: expiresAt.toISOString(),
        },
      })
      const impersonation = { id: impersonationId, adminUserId: actor.userId, patientId: target.id }
      const subject = { userId: target.user_id, sessionId, tokenId: newId(), impersonation }
      return {
        impersonation_id: impersonationId,
        access_token: await tokens.issueAccess(subject, now, expiresAt),
        token_type: 'Bearer',
        expires_at: expiresAt.toISOString(),
        patient: { id: target.id, display_name: `${target.first_name} ${target.last_name}` },
        organization_id: organizationId,
      }
    },

    async listImpersonations({ db, actor }, { query }) {
      const organizationId = organizationOf(actor.as)
      const now = clock.now()
      const filters = { ...query, organization_id: organizationId }
      const page = openPage(cursors, 'listImpersonations', filters, query)
      if (page instanceof Problem) return page
      const rows = await queries.listImpersonations(db, organizationId, query, now, page)
      const total = query.include_total
        ? await queries.countImpersonations(db, organizationId, query, now)
        : undefined
      const shown = (name: string | null) => (name !== null && seesNames(actor.as) ? name : maskName(name))
      const items = rows.map((row): components['schemas']['Impersonation'] => ({
        id: row.id,
        organization_id: row.organization_id,
        patient: { id: row.patient_id, display_name: shown(row.patient_name) },
        impersonator: { id: row.admin_user_id, display_name: shown(row.admin_name) },
        reason: row.reason,
        status: row.ended_at === null && new Date(row.expires_at) > now ? 'ACTIVE' : 'ENDED',
        started_at: row.started_at,
        expires_at: row.expires_at,
        ended_at: row.ended_at,
      }))
      return page.close(items, ({ started_at, id }) => [started_at, id], total)
    },

    async endImpersonation({ db, actor, emit, enqueue }, { params }) {
      const organizationId = organizationOf(actor.as)
      if (organizationId === null) return organizationRequired()
      const now = clock.now()
      const row = await queries.lockImpersonation(db, organizationId, params.impersonation_id)
      if (row === undefined) return notFound('impersonation')
      if (row.ended_at !== null || new Date(row.expires_at) <= now) return undefined
      await queries.endImpersonation(db, row.id, actor.userId, now)
      await announceEnd(db, { emit, enqueue, newId }, { ...row, organization_id: organizationId }, now)
      return undefined
    },

    async listAuditLogs({ db, actor }, { query }) {
      const organizationId = organizationOf(actor.as)
      const timezone = organizationId === null ? 'UTC' : await queries.findTimeZone(db, organizationId)
      if (timezone === undefined) return notFound('organization')
      const filters = { ...query, organization_id: organizationId }
      const page = openPage(cursors, 'listAuditLogs', filters, query)
      if (page instanceof Problem) return page
      const rows = await queries.listAuditLogs(db, organizationId, query, timezone, page)
      const total = query.include_total
        ? await queries.countAuditLogs(db, organizationId, query, timezone)
        : undefined
      const items = rows.map((row) => shownRow(row, actor.as))
      return page.close(items, ({ occurred_at, id }) => [occurred_at, id], total)
    },

    async exportAuditLogs({ db, actor }, { query }) {
      const organizationId = organizationOf(actor.as)
      const timezone = organizationId === null ? 'UTC' : await queries.findTimeZone(db, organizationId)
      if (timezone === undefined) return notFound('organization')
      const task = { as: actor.as, organizationId, filters: query, timezone }
      return {
        'text/csv': (scope) => audit.export({ ...task, scope, type: 'text/csv' }),
        'application/x-ndjson': (scope) => audit.export({ ...task, scope, type: 'application/x-ndjson' }),
      }
    },

    async verifyAuditIntegrity(_context, { query }) {
      const { start_date, end_date, seal_number, seal_hash } = query
      if ((seal_number === undefined) !== (seal_hash === undefined))
        return problem('VALIDATION_ERROR', 'seal_number and seal_hash go together.')
      const day = (date: string, plus: 0 | 1) => new Date(Date.parse(date) + plus * DAY_MS)
      return audit.verify({
        from: start_date === undefined ? null : day(start_date, 0),
        to: end_date === undefined ? null : day(end_date, 1),
        anchor:
          seal_number === undefined || seal_hash === undefined
            ? null
            : { number: seal_number, hash: seal_hash },
      })
    },
  }
}
