import { sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { containing } from '../../db/wire.ts'
import type { OrganizationRole } from '../../http/operation.ts'
import { problem } from '../../http/problem.ts'

interface MemberFilter {
  readonly organizationId: string
  readonly role?: OrganizationRole | undefined
  readonly search?: string | undefined
}

const filtered = (db: Db, { organizationId, role, search }: MemberFilter) => {
  let query = db
    .selectFrom('organization_memberships as m')
    .innerJoin('users as u', 'u.id', 'm.user_id')
    .where('m.organization_id', '=', organizationId)
    .where('m.deleted_at', 'is', null)
    .where('u.deleted_at', 'is', null)
  if (role !== undefined) query = query.where('m.role', '=', role)
  if (search !== undefined)
    query = query.where((eb) =>
      eb.or([
        eb('u.display_name', 'ilike', containing(search.trim())),
        eb(sql`u.email::text`, 'ilike', containing(search.trim())),
      ]),
    )
  return query
}

const shown = [
  'm.id',
  'm.organization_id',
  'm.user_id',
  'u.display_name',
  'u.email',
  'm.role',
  'm.created_at as joined_at',
] as const

/** In the order in which they joined: ids are ordered by time. */
export const listMembers = (db: Db, filter: MemberFilter, { after, limit }: Slice) =>
  filtered(db, filter)
    .select(shown)
    .$if(after !== null, (query) => query.where(rowAfter(['m.id'], 'ascending', after ?? [])))
    .orderBy('m.id')
    .limit(limit)
    .execute()

export const countMembers = async (db: Db, filter: MemberFilter): Promise<number> =>
  (
    await filtered(db, filter)
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findMember = (db: Db, organizationId: string, id: string) =>
  filtered(db, { organizationId }).select(shown).where('m.id', '=', id).executeTakeFirst()

/** Whether somebody with this address is a member. */
export const isMember = async (db: Db, organizationId: string, email: string): Promise<boolean> =>
  (await filtered(db, { organizationId }).select('m.id').where('u.email', '=', email).executeTakeFirst()) !==
  undefined

const change = (db: Db, organizationId: string, id: string) =>
  db
    .updateTable('organization_memberships')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .where('deleted_at', 'is', null)

/** Held by the database, so that of two requests at once one is refused. */
const guarded = <T>(db: Db, work: () => Promise<T>) =>
  attempt(
    db,
    { organization_memberships_last_admin: problem('LAST_ADMIN', 'Name another ADMIN first.') },
    work,
  )

/** Answers LAST_ADMIN where nobody else administers the organization. */
export const updateRole = (db: Db, organizationId: string, id: string, role: OrganizationRole) =>
  guarded(db, () => change(db, organizationId, id).set({ role }).executeTakeFirst())

/** Answers who is gone, undefined when they were before, or LAST_ADMIN. */
export const removeMember = (db: Db, organizationId: string, id: string, now: Date) =>
  guarded(db, () =>
    change(db, organizationId, id)
      .set({ deleted_at: now })
      .returning(['id', 'organization_id', 'user_id', 'role'])
      .executeTakeFirst(),
  )

/** The person's open sessions now end as those of people with a role do. */
export const tightenSessions = (
  db: Db,
  userId: string,
  now: Date,
  { idleSeconds, absoluteSeconds }: { readonly idleSeconds: number; readonly absoluteSeconds: number },
) =>
  db
    .updateTable('user_sessions')
    .set((eb) => ({
      idle_seconds: eb.fn<number>('least', ['idle_seconds', eb.val(idleSeconds)]),
      expires_at: eb.fn<string>('least', [
        'expires_at',
        sql`${new Date(now.getTime() + absoluteSeconds * 1000)}::timestamptz`,
      ]),
    }))
    .where('user_id', '=', userId)
    .where('revoked_at', 'is', null)
    .execute()
