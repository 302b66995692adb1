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
import {
  countManagedPatients,
  findPreferences,
  findProxy,
  listEnrollments,
  listManagedPatients,
  updateUser,
} from './queries.ts'
import { countOpenSessions, findOpenSession, listOpenSessions } from './sessions.ts'

const gone = () => problem('UNAUTHORIZED', 'The account is gone.')

export const usersHandlers = ({ clock, cursors, newId, passwords }: Services): UsersHandlers => ({
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
