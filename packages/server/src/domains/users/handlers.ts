import { openPage } from '../../db/keyset.ts'
import { attempt } from '../../db/scope.ts'
import type { UsersHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { confirmPassword } from '../auth/failures.ts'
import { revokeSession, revokeSessionsOf } from '../auth/queries.ts'
import { announceRevoked } from '../auth/sessions.ts'
import { isTimeZone } from '../time-zone.ts'
import { closeAccount } from './closing.ts'
import { describeCurrentUser, organizationsOf } from './current-user.ts'
import { registerDevice, removeDevice } from './devices.ts'
import * as exports from './exports.ts'
import {
  countManagedPatients,
  findPreferences,
  findProxy,
  listEnrollments,
  listManagedPatients,
  updateUser,
} from './queries.ts'
import { countOpenSessions, findOpenSession, listOpenSessions } from './sessions.ts'

/** As long as a link to a document. */
const LINK_SECONDS = 900

const gone = () => problem('UNAUTHORIZED', 'The account is gone.')

export const usersHandlers = ({ blobs, clock, cursors, newId, passwords }: Services): UsersHandlers => ({
  async getCurrentUser({ db, actor }) {
    return (await describeCurrentUser(db, actor, clock.now())) ?? gone()
  },

  async updateCurrentUser({ db, actor }, { body }) {
    const { display_name, timezone } = body
    if (timezone !== undefined && !isTimeZone(timezone))
      return problem('VALIDATION_ERROR', undefined, {
        errors: [{ pointer: '/timezone', message: 'is not a time zone' }],
      })
    await updateUser(db, actor.userId, {
      ...(display_name !== undefined && { display_name: display_name.trim() }),
      ...(timezone !== undefined && { timezone }),
    })
    return (await describeCurrentUser(db, actor, clock.now())) ?? gone()
  },

  async deleteCurrentUser({ db, actor, emit, enqueue }, { body }) {
    const now = clock.now()
    const { userId } = actor
    const account = await confirmPassword({ db, enqueue }, { passwords }, userId, body.password, now)
    if (account instanceof Problem) return account
    const ended = await revokeSessionsOf(db, userId, 'ACCOUNT_CLOSED', now)
    const last = problem('LAST_ADMIN', 'Make somebody else an ADMIN of your organization first.')
    const left = await attempt(db, { organization_memberships_last_admin: last }, () => closeAccount(db, now))
    if (left instanceof Problem) return left
    await exports.endExports(db, userId, now)
    announceRevoked(emit, userId, ended, 'ACCOUNT_CLOSED')
    for (const { member_id, organization_id, role } of left)
      emit({
        type: 'member.removed',
        audience: { organization: organization_id },
        data: { organization_id, member_id, user_id: userId, role },
      })
    return undefined
  },

  async listProxyPatients({ db, actor }, { query }) {
    const now = clock.now()
    const page = openPage(cursors, 'listProxyPatients', { ...query, user: actor.userId }, query)
    if (page instanceof Problem) return page
    // Whom else the patient acts for is not for whoever looks at the patient.
    const proxy = actor.impersonation === null ? await findProxy(db, actor.userId) : undefined
    const rows = proxy ? await listManagedPatients(db, proxy.id, now, page) : []
    const ids = rows.map((row) => row.patient_id)
    const enrollments = ids.length > 0 ? await listEnrollments(db, ids) : []
    const total = query.include_total
      ? proxy
        ? await countManagedPatients(db, proxy.id, now)
        : 0
      : undefined
    const patients = rows.map((row) => ({
      ...row,
      organizations: organizationsOf(enrollments, row.patient_id),
    }))
    return page.close(patients, (row) => [row.last_name, row.first_name, row.patient_id], total)
  },

  async listSessions({ db, actor }, { query }) {
    const now = clock.now()
    const page = openPage(cursors, 'listSessions', { ...query, user: actor.userId }, query)
    if (page instanceof Problem) return page
    const total = query.include_total ? await countOpenSessions(db, actor.userId, now) : undefined
    const rows = await listOpenSessions(db, actor.userId, now, page)
    const sessions = rows.map((row) => ({ ...row, is_current: row.id === actor.sessionId }))
    return page.close(sessions, (row) => [row.created_at, row.id], total)
  },

  async revokeSession({ db, actor, emit }, { params }) {
    const now = clock.now()
    const session = await findOpenSession(db, actor.userId, params.session_id, now)
    if (session === undefined) return notFound('session')
    await revokeSession(db, session.id, 'REVOKED', now)
    announceRevoked(emit, actor.userId, [session.id], 'REVOKED')
    return undefined
  },

  async requestDataExport({ db, actor, enqueue }, { body }) {
    const id = newId()
    const { format = 'json', include_documents = false } = body
    const running = problem('CONFLICT', 'Another export of yours is being built. Wait for it.')
    const refused = await attempt(db, { data_exports_running: running }, () =>
      exports.insertExport(db, {
        id,
        user_id: actor.userId,
        format,
        include_documents,
        created_at: clock.now(),
      }),
    )
    if (refused instanceof Problem) return refused
    enqueue('data-export', { export_id: id, user_id: actor.userId })
    const row = await exports.findExport(db, actor.userId, id)
    if (row === undefined) return gone()
    const { storage_key: _, ...shown } = row
    return { ...shown, download_url: null }
  },

  async getDataExport({ db, actor }, { params }) {
    const row = await exports.findExport(db, actor.userId, params.export_id)
    if (row === undefined) return notFound('export')
    const now = clock.now()
    const { storage_key: key, expires_at: end, ...shown } = row
    const isOver = end !== null && new Date(end) <= now
    if (row.status !== 'READY' || key === null || isOver)
      return { ...shown, expires_at: end, status: isOver ? 'EXPIRED' : row.status, download_url: null }
    const until = Math.min(now.getTime() + LINK_SECONDS * 1000, Date.parse(end ?? ''))
    const download_url = await blobs.downloadUrl(key, {
      filename: `wardline-export-${row.created_at.slice(0, 10)}.zip`,
      contentType: 'application/zip',
      expiresAt: new Date(until),
    })
    return { ...shown, expires_at: end, download_url }
  },

  async getCommunicationPreferences({ db, actor }) {
    return (await findPreferences(db, actor.userId)) ?? gone()
  },

  async updateCommunicationPreferences({ db, actor }, { body }) {
    await updateUser(db, actor.userId, { ...body, preferences_updated_at: clock.now() })
    return (await findPreferences(db, actor.userId)) ?? gone()
  },

  async registerDeviceToken({ db, actor }, { body }) {
    const device = { id: newId(), user_id: actor.userId, fcm_token: body.token, platform: body.platform }
    return registerDevice(db, device, clock.now())
  },

  async removeDeviceToken({ db, actor }, { body }) {
    await removeDevice(db, actor.userId, body.token)
    return undefined
  },
})
