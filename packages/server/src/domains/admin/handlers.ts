import type { JsonValue } from '../../generated/database.ts'
import type { AdminHandlers } from '../../generated/handlers.ts'
import { notFound, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { maskName, maskValues } from './masking.ts'
import { organizationOf, organizationRequired, seesNames, targetRefusal } from './policy.ts'
import * as queries from './queries.ts'

const fieldsOf = (changes: JsonValue) =>
  typeof changes === 'object' && !Array.isArray(changes) ? changes : null

const foreignCursor = () => problem('INVALID_CURSOR', 'The cursor belongs to another list or other filters.')

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
      const position = query.cursor && cursors.decode('listImpersonations', filters, query.cursor)
      if (query.cursor !== undefined && !position) return foreignCursor()
      const [startedAt, id] = position || []
      const after = position ? { startedAt: String(startedAt), id: String(id) } : undefined
      const rows = await queries.listImpersonations(db, organizationId, query, now, {
        after,
        limit: query.limit + 1,
      })
      const shown = rows.slice(0, query.limit)
      const last = shown.at(-1)
      const name = seesNames(actor.as) ? (full: string | null) => full ?? maskName(null) : maskName
      return {
        items: shown.map((row) => ({
          id: row.id,
          organization_id: row.organization_id,
          patient: { id: row.patient_id, display_name: name(row.patient_name) },
          impersonator: { id: row.admin_user_id, display_name: name(row.admin_name) },
          reason: row.reason,
          status: row.ended_at === null && new Date(row.expires_at) > now ? 'ACTIVE' : 'ENDED',
          started_at: row.started_at,
          expires_at: row.expires_at,
          ended_at: row.ended_at,
        })),
        next_cursor:
          rows.length > query.limit && last !== undefined
            ? cursors.encode('listImpersonations', filters, [last.started_at, last.id])
            : null,
        ...(query.include_total && {
          total: await queries.countImpersonations(db, organizationId, query, now),
        }),
      }
    },

    async endImpersonation({ db, actor, emit }, { params }) {
      const organizationId = organizationOf(actor.as)
      if (organizationId === null) return organizationRequired()
      const now = clock.now()
      const row = await queries.lockImpersonation(db, organizationId, params.impersonation_id)
      if (row === undefined) return notFound('impersonation')
      if (row.ended_at !== null || new Date(row.expires_at) <= now) return undefined
      await queries.endImpersonation(db, row.id, actor.userId, now)
      emit({
        type: 'impersonation.ended',
        audience: { organization: organizationId },
        data: {
          impersonation_id: row.id,
          organization_id: organizationId,
          patient_id: row.patient_id,
          admin_user_id: row.admin_user_id,
          ended_at: now.toISOString(),
        },
      })
      if (row.user_id === null) return undefined
      const notificationId = newId()
      await queries.insertNotification(db, {
        id: notificationId,
        user_id: row.user_id,
        organization_id: organizationId,
        type: 'system',
        title: 'An administrator looked at your account',
        body: 'An administrator of your care organization saw what you see here, to help or to check something.',
        created_at: now,
      })
      emit({
        type: 'notification.new',
        audience: { user: row.user_id },
        data: { notification_id: notificationId, type: 'system' },
      })
      return undefined
    },

    async listAuditLogs({ db, actor }, { query }) {
      const organizationId = organizationOf(actor.as)
      const timezone = organizationId === null ? 'UTC' : await queries.findTimeZone(db, organizationId)
      if (timezone === undefined) return notFound('organization')
      const filters = { ...query, organization_id: organizationId }
      const position = query.cursor && cursors.decode('listAuditLogs', filters, query.cursor)
      if (query.cursor !== undefined && !position) return foreignCursor()
      const [occurredAt, id] = position || []
      const after = position ? { occurredAt: String(occurredAt), id: String(id) } : undefined
      const rows = await queries.listAuditLogs(db, organizationId, query, timezone, {
        after,
        limit: query.limit + 1,
      })
      const shown = rows.slice(0, query.limit)
      const last = shown.at(-1)
      const plain = seesNames(actor.as)
      return {
        items: shown.map(({ changes, actor_name, ...row }) => ({
          ...row,
          actor_name: actor_name === null || plain ? actor_name : maskName(actor_name),
          changes: fieldsOf(plain ? changes : maskValues(changes)),
        })),
        next_cursor:
          rows.length > query.limit && last !== undefined
            ? cursors.encode('listAuditLogs', filters, [last.occurred_at, last.id])
            : null,
        ...(query.include_total && {
          total: await queries.countAuditLogs(db, organizationId, query, timezone),
        }),
      }
    },
  }
}
