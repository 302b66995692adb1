import type { Client, components } from '@wardline/sdk'
import type { Context } from '../../context.ts'
import { UsageError } from '../../exit.ts'
import { type Column, localTime } from '../../output.ts'

type User = components['schemas']['UserAccount']
export type UserDetail = components['schemas']['UserAccountDetail']

export const USER_STATUSES = ['ACTIVE', 'LOCKED', 'SUSPENDED'] as const

const uuid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

/** The id of an account that was named by id or by e-mail address. */
export const userId = async (context: Context, client: Client, named: string): Promise<string> => {
  if (uuid.test(named)) return named
  if (!named.includes('@')) throw new UsageError(`"${named}" is neither an id nor an e-mail address`)
  const wanted = named.toLowerCase()
  const { signal } = context.io
  for await (const user of client.superAdmin.users({ search: named, limit: 100 }, { signal }))
    if (user.email.toLowerCase() === wanted) return user.id
  throw Object.assign(new Error(`There is no account with the address ${named}`), { status: 404 })
}

const rolesOf = ({ platform_roles }: Pick<User, 'platform_roles'>): string => platform_roles.join(' ')

/** An instant as the output's format wants it. */
export const instant = (context: Context, iso: string | null): string | null =>
  iso === null || context.format !== 'table' ? iso : localTime(iso)

export const userColumns = (context: Context): readonly Column<User>[] => [
  { key: 'id', value: (user) => user.id },
  { key: 'email', value: (user) => user.email, shrink: true },
  { key: 'name', value: (user) => user.display_name },
  {
    key: 'status',
    value: (user) => user.status,
    paint: (text, user, style) => (user.status === 'ACTIVE' ? text : style.red(text)),
  },
  { key: 'mfa', value: (user) => (user.mfa_enabled ? 'yes' : 'no') },
  { key: 'platform_roles', value: rolesOf },
  { key: 'last_login_at', value: (user) => instant(context, user.last_login_at) },
]

export const detailColumns = (context: Context): readonly Column<UserDetail>[] => [
  { key: 'id', value: (user) => user.id },
  { key: 'email', value: (user) => user.email },
  { key: 'name', value: (user) => user.display_name },
  { key: 'status', value: (user) => user.status },
  { key: 'suspended_at', value: (user) => instant(context, user.suspended_at) },
  { key: 'suspended_reason', value: (user) => user.suspended_reason },
  { key: 'locked_until', value: (user) => instant(context, user.lockout_info.locked_until) },
  { key: 'failed_attempts', value: (user) => user.lockout_info.failed_attempts },
  { key: 'must_reset_password', value: (user) => user.must_reset_password },
  { key: 'mfa', value: (user) => (user.mfa_enabled ? 'yes' : 'no') },
  { key: 'platform_roles', value: rolesOf },
  {
    key: 'organizations',
    value: (user) => user.organizations.map((one) => `${one.organization_name} (${one.role})`).join(', '),
  },
  { key: 'sessions', value: (user) => user.sessions.length },
  { key: 'last_login_at', value: (user) => instant(context, user.last_login_at) },
  { key: 'created_at', value: (user) => instant(context, user.created_at) },
]
