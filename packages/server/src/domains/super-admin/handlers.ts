import { openPage } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { SuperAdminHandlers } from '../../generated/handlers.ts'
import { notFound, Problem, problem } from '../../http/problem.ts'
import type { Services } from '../../services.ts'
import { askForReset } from '../auth/password-reset.ts'
import { revokeSessionsOf } from '../auth/queries.ts'
import { announceRevoked } from '../auth/sessions.ts'
import * as jobs from './jobs.ts'
import { suspensionRefusal } from './policy.ts'
import * as queries from './queries.ts'
import { readMetrics } from './system.ts'

type Detail = components['schemas']['UserAccountDetail']

/** Closes an organization from an instant on, for a reason; or opens it again, with neither. */
async function changeSuspension(db: Db, id: string, at: Date | null, reason: string | null) {
  const changed = await queries.setSuspension(db, id, at, reason)
  const row = await queries.findOrganization(db, id)
  if (row === undefined) return notFound('organization')
  if (changed) return row
  return problem(
    'CONFLICT',
    at === null ? 'The organization is not suspended.' : 'The organization is suspended already.',
  )
}

export const superAdminHandlers = (services: Services): SuperAdminHandlers => {
  const { clock, cursors } = services
  async function describe(db: Db, id: string, now: Date): Promise<Detail | Problem<'NOT_FOUND'>> {
    const row = await queries.findUser(db, id, now)
    if (row === undefined) return notFound('account')
    const { failed_login_attempts, locked_until, ...account } = row
    return { ...account, lockout_info: { failed_attempts: failed_login_attempts, locked_until } }
  }

  return {
    async listAllOrganizations({ db }, { query }) {
      const page = openPage(cursors, 'listAllOrganizations', { ...query }, query)
      if (page instanceof Problem) return page
      const rows = await queries.listOrganizations(db, query, page)
      const total = query.include_total ? await queries.countOrganizations(db, query) : undefined
      return page.close(rows, ({ name, id }) => [name, id], total)
    },

    async suspendOrganization({ db }, { params, body }) {
      return changeSuspension(db, params.org_id, clock.now(), body.reason.trim())
    },

    async reactivateOrganization({ db }, { params }) {
      return changeSuspension(db, params.org_id, null, null)
    },

    async getSystemHealth() {
      return services.systemHealth()
    },

    async getSystemMetrics({ db }, { query }) {
      return readMetrics(db, query.period, clock.now())
    },

    async listJobs({ db }, { query }) {
      const page = openPage(cursors, 'listJobs', { ...query }, query)
      if (page instanceof Problem) return page
      const rows = await jobs.listJobs(db, query, page)
      const total = query.include_total ? await jobs.countJobs(db, query) : undefined
      return page.close(rows, ({ position, id }) => [position, id], total)
    },

    async retryJob({ db }, { params }) {
      const { job_id } = params
      const job = await jobs.lockJob(db, job_id)
      if (job === undefined) return notFound('job')
      if (!job.failed) return problem('INVALID_TRANSITION', 'Only a job that failed for good is run again.')
      await services.jobs.retry(db, job.queue, job_id)
      return (await jobs.findJob(db, job_id)) ?? notFound('job')
    },

    async listAllUsers({ db }, { query }) {
      const now = clock.now()
      const page = openPage(cursors, 'listAllUsers', { ...query }, query)
      if (page instanceof Problem) return page
      const rows = await queries.listUsers(db, query, now, page)
      const total = query.include_total ? await queries.countUsers(db, query, now) : undefined
      return page.close(rows, ({ created_at, id }) => [created_at, id], total)
    },

    async getUser({ db }, { params }) {
      return describe(db, params.user_id, clock.now())
    },

    async unlockUser({ db }, { params }) {
      const account = await queries.lockUser(db, params.user_id)
      if (account === undefined) return notFound('account')
      await queries.updateUser(db, account.id, { locked_until: null, failed_login_attempts: 0 })
      return describe(db, account.id, clock.now())
    },

    async suspendUser({ db, actor, emit }, { params, body }) {
      const now = clock.now()
      // Before the account itself: everyone takes the same locks in the same order.
      const superAdmins = await queries.lockSuperAdmins(db)
      const account = await queries.lockUser(db, params.user_id)
      if (account === undefined) return notFound('account')
      const refusal = suspensionRefusal(account, actor.userId, superAdmins)
      if (refusal !== undefined) return refusal
      await queries.updateUser(db, account.id, { suspended_at: now, suspended_reason: body.reason.trim() })
      const ended = await revokeSessionsOf(db, account.id, 'ACCOUNT_SUSPENDED', now)
      announceRevoked(emit, account.id, ended, 'ACCOUNT_CLOSED')
      return describe(db, account.id, now)
    },

    async reactivateUser({ db }, { params }) {
      const account = await queries.lockUser(db, params.user_id)
      if (account === undefined) return notFound('account')
      if (account.suspended_at === null) return problem('CONFLICT', 'The account is not suspended.')
      await queries.updateUser(db, account.id, { suspended_at: null, suspended_reason: null })
      return describe(db, account.id, clock.now())
    },

    async forcePasswordReset({ db, emit, enqueue }, { params }) {
      const now = clock.now()
      const account = await queries.lockUser(db, params.user_id)
      if (account === undefined) return notFound('account')
      await queries.updateUser(db, account.id, { must_reset_password: true })
      const ended = await revokeSessionsOf(db, account.id, 'PASSWORD_RESET_FORCED', now)
      announceRevoked(emit, account.id, ended, 'REVOKED')
      askForReset(services, enqueue, account.email, now)
      return describe(db, account.id, now)
    },
  }
}
