import { type ExpressionBuilder, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { Tables } from '../../generated/database.ts'
import { problem } from '../../http/problem.ts'

type Status = components['schemas']['ProxyAssignment']['status']

/** What a proxy may, and until when. */
export interface ProxyTerms {
  readonly relationship_type: 'PARENT' | 'GUARDIAN' | 'POA' | 'SPOUSE'
  readonly can_view_clinical_notes: boolean
  readonly can_view_billing: boolean
  readonly can_schedule_appointments: boolean
  readonly expires_at: string | null
}

const assignments = (db: Db, organizationId: string, patientId: string, now: Date) =>
  db
    .selectFrom('patient_proxy_assignments as a')
    .innerJoin('proxies as x', 'x.id', 'a.proxy_id')
    .innerJoin('users as u', 'u.id', 'x.user_id')
    .innerJoin('organization_patients as e', 'e.patient_id', 'a.patient_id')
    .where('e.organization_id', '=', organizationId)
    .where('e.deleted_at', 'is', null)
    .where('a.patient_id', '=', patientId)
    .where('a.deleted_at', 'is', null)
    .where('x.deleted_at', 'is', null)
    .select([
      'a.id',
      'a.patient_id',
      sql<Status>`case when a.expires_at <= ${now} then 'EXPIRED' else 'ACTIVE' end`.as('status'),
      sql<string | null>`u.id`.as('user_id'),
      sql<string | null>`u.display_name`.as('display_name'),
      sql<string>`u.email::text`.as('email'),
      'a.relationship_type',
      'a.can_view_clinical_notes',
      'a.can_view_billing',
      'a.can_schedule_appointments',
      sql<string | null>`a.access_granted_at`.as('access_granted_at'),
      'a.expires_at',
    ])

const invitations = (db: Db, organizationId: string, patientId: string, now: Date) =>
  db
    .selectFrom('portal_invitations as i')
    .where('i.organization_id', '=', organizationId)
    .where('i.patient_id', '=', patientId)
    .where('i.purpose', '=', 'PROXY')
    .where('i.accepted_at', 'is', null)
    .where('i.cancelled_at', 'is', null)
    .where('i.expires_at', '>', now.toISOString())
    .where('i.attempts', '<', 5)
    .select([
      'i.id',
      'i.patient_id',
      sql<Status>`'INVITED'`.as('status'),
      sql<string | null>`null::uuid`.as('user_id'),
      sql<string | null>`null::text`.as('display_name'),
      sql<string>`i.email::text`.as('email'),
      // A PROXY invitation has one: the table's check says so.
      sql<ProxyTerms['relationship_type']>`i.relationship_type`.as('relationship_type'),
      'i.can_view_clinical_notes',
      'i.can_view_billing',
      'i.can_schedule_appointments',
      sql<string | null>`null::timestamptz`.as('access_granted_at'),
      'i.access_expires_at as expires_at',
    ])

const all = (db: Db, organizationId: string, patientId: string, now: Date) =>
  db
    .selectFrom(
      assignments(db, organizationId, patientId, now)
        .unionAll(invitations(db, organizationId, patientId, now))
        .as('a'),
    )
    .selectAll()

type Row = Awaited<ReturnType<ReturnType<typeof all>['execute']>>[number]

const toAssignment = ({ user_id, display_name, email, ...row }: Row) => ({
  ...row,
  proxy: { user_id, display_name, email },
})

/** Who acts for the patient, and who was invited to: the newest first. */
export async function listProxies(
  db: Db,
  organizationId: string,
  patientId: string,
  now: Date,
  { after, limit }: Slice,
) {
  const rows = await all(db, organizationId, patientId, now)
    .$if(after !== null, (query) => query.where(rowAfter(['a.id'], 'descending', after ?? [])))
    .orderBy('a.id', 'desc')
    .limit(limit)
    .execute()
  return rows.map(toAssignment)
}

export const countProxies = async (
  db: Db,
  organizationId: string,
  patientId: string,
  now: Date,
): Promise<number> =>
  (
    await all(db, organizationId, patientId, now)
      .clearSelect()
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export async function findProxy(db: Db, organizationId: string, patientId: string, id: string, now: Date) {
  const row = await all(db, organizationId, patientId, now).where('a.id', '=', id).executeTakeFirst()
  return row && toAssignment(row)
}

/** Whether this address was invited and may still answer. */
export const isInvited = async (
  db: Db,
  organizationId: string,
  patientId: string,
  email: string,
  now: Date,
): Promise<boolean> =>
  (await invitations(db, organizationId, patientId, now).where('i.email', '=', email).executeTakeFirst()) !==
  undefined

export const findAccount = (db: Db, email: string) =>
  db
    .selectFrom('users')
    .select('id')
    .where('email', '=', email)
    .where('deleted_at', 'is', null)
    .executeTakeFirst()

/** The person as a proxy, made one when they are none yet. */
export async function ensureProxy(db: Db, id: string, userId: string): Promise<string> {
  await db
    .insertInto('proxies')
    .values({ id, user_id: userId })
    .onConflict((conflict) => conflict.column('user_id').where('deleted_at', 'is', null).doNothing())
    .execute()
  const proxy = await db
    .selectFrom('proxies')
    .select('id')
    .where('user_id', '=', userId)
    .where('deleted_at', 'is', null)
    .executeTakeFirstOrThrow()
  return proxy.id
}

/** Closes access that ran out, so that it does not stand in the way of a new one. */
export const closeExpired = (db: Db, proxyId: string, patientId: string, now: Date) =>
  db
    .updateTable('patient_proxy_assignments')
    .set({ deleted_at: now })
    .where('proxy_id', '=', proxyId)
    .where('patient_id', '=', patientId)
    .where('deleted_at', 'is', null)
    .where('expires_at', '<=', now.toISOString())
    .execute()

/** CONFLICT for somebody who has access already; held by the database, whoever names them at the same time. */
export const insertAssignment = (
  db: Db,
  assignment: ProxyTerms & {
    readonly id: string
    readonly proxy_id: string
    readonly patient_id: string
    readonly access_granted_at: Date
  },
) =>
  attempt(
    db,
    { patient_proxy_assignments_live: problem('CONFLICT', 'This person has access already: change it.') },
    () => db.insertInto('patient_proxy_assignments').values(assignment).execute(),
  )

const enrolledHere =
  (organizationId: string) => (eb: ExpressionBuilder<Tables, 'patient_proxy_assignments'>) =>
    eb.exists(
      eb
        .selectFrom('organization_patients as e')
        .select('e.patient_id')
        .whereRef('e.patient_id', '=', 'patient_proxy_assignments.patient_id')
        .where('e.organization_id', '=', organizationId)
        .where('e.deleted_at', 'is', null),
    )

/** Changes the access, or the invitation to it; false when there is neither. */
async function change(
  db: Db,
  { organizationId, patientId, id }: { organizationId: string; patientId: string; id: string },
  assignment: Partial<ProxyTerms> | { deleted_at: Date },
  invitation: Partial<Omit<ProxyTerms, 'expires_at'>> & {
    access_expires_at?: string | null
    cancelled_at?: Date
  },
): Promise<boolean> {
  const assigned = await db
    .updateTable('patient_proxy_assignments')
    .set(assignment)
    .where('id', '=', id)
    .where('patient_id', '=', patientId)
    .where('deleted_at', 'is', null)
    .where(enrolledHere(organizationId))
    .returning('id')
    .executeTakeFirst()
  if (assigned) return true
  const invited = await db
    .updateTable('portal_invitations')
    .set(invitation)
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('id', '=', id)
    .where('purpose', '=', 'PROXY')
    .where('accepted_at', 'is', null)
    .where('cancelled_at', 'is', null)
    .returning('id')
    .executeTakeFirst()
  return invited !== undefined
}

interface Which {
  readonly organizationId: string
  readonly patientId: string
  readonly id: string
}

export const updateProxy = (db: Db, which: Which, { expires_at, ...rest }: Partial<ProxyTerms>) =>
  change(
    db,
    which,
    { ...rest, ...(expires_at !== undefined && { expires_at }) },
    { ...rest, ...(expires_at !== undefined && { access_expires_at: expires_at }) },
  )

/** Ends the access; the row stays, as history. */
export const revokeProxy = (db: Db, which: Which, now: Date) =>
  change(db, which, { deleted_at: now }, { cancelled_at: now })
