import { type Expression, sql } from 'kysely'
import type { Slice } from '../../db/keyset.ts'
import { attempt, type Db } from '../../db/scope.ts'
import { problem } from '../../http/problem.ts'

/** Who is on the team and works here: whoever left the organization, or is no provider any more, is off it. */
export const teamOf = (db: Db, organizationId: Expression<string>, patientId: Expression<string>) =>
  db
    .selectFrom('care_team_assignments as t')
    .innerJoin('providers as r', 'r.id', 't.provider_id')
    .innerJoin('users as u', 'u.id', 'r.user_id')
    .innerJoin('organization_memberships as m', (join) =>
      join
        .onRef('m.user_id', '=', 'r.user_id')
        .onRef('m.organization_id', '=', 't.organization_id')
        .on('m.deleted_at', 'is', null),
    )
    .where('t.organization_id', '=', organizationId)
    .where('t.patient_id', '=', patientId)
    .where('r.deleted_at', 'is', null)
    .select(['t.id', 't.provider_id', 'u.display_name', 'r.specialty', 't.is_primary_provider'])

const team = (db: Db, organizationId: string, patientId: string) =>
  teamOf(db, sql.val(organizationId), sql.val(patientId)).select(['t.assigned_at', 'r.user_id'])

/** The primary first, then in the order of assignment. */
export const listTeam = (db: Db, organizationId: string, patientId: string, { after, limit }: Slice) =>
  team(db, organizationId, patientId)
    .select(sql<boolean>`not t.is_primary_provider`.as('follows'))
    .$if(after !== null, (query) =>
      query.where(({ eb }) =>
        eb(sql`(not t.is_primary_provider, t.assigned_at, t.id)`, '>', sql`(${sql.join(after ?? [])})`),
      ),
    )
    .orderBy('t.is_primary_provider', 'desc')
    .orderBy('t.assigned_at')
    .orderBy('t.id')
    .limit(limit)
    .execute()

export const countTeam = async (db: Db, organizationId: string, patientId: string): Promise<number> =>
  (
    await team(db, organizationId, patientId)
      .clearSelect()
      .select((eb) => eb.fn.countAll<number>().as('n'))
      .executeTakeFirstOrThrow()
  ).n

export const findMember = (db: Db, organizationId: string, patientId: string, id: string) =>
  team(db, organizationId, patientId).where('t.id', '=', id).executeTakeFirst()

/** The patient's primary provider here, and whose sign-in that is. */
export const findPrimary = (db: Db, organizationId: string, patientId: string) =>
  team(db, organizationId, patientId).where('t.is_primary_provider', '=', true).executeTakeFirst()

/** Whether somebody of that id treats here. */
export const isProviderHere = async (db: Db, organizationId: string, providerId: string): Promise<boolean> =>
  (await db
    .selectFrom('providers as r')
    .innerJoin('organization_memberships as m', 'm.user_id', 'r.user_id')
    .select('r.id')
    .where('m.organization_id', '=', organizationId)
    .where('m.deleted_at', 'is', null)
    .where('r.id', '=', providerId)
    .where('r.deleted_at', 'is', null)
    .executeTakeFirst()) !== undefined

/** Whoever leads does not any more, seen or not: one who left the organization too. */
export const demotePrimary = (db: Db, organizationId: string, patientId: string) =>
  db
    .updateTable('care_team_assignments')
    .set({ is_primary_provider: false })
    .where('organization_id', '=', organizationId)
    .where('patient_id', '=', patientId)
    .where('is_primary_provider', '=', true)
    .execute()

interface NewMember {
  readonly id: string
  readonly organization_id: string
  readonly patient_id: string
  readonly provider_id: string
  readonly is_primary_provider: boolean
  readonly assigned_at: Date
}

/** CONFLICT for a provider who is on the team already. */
export const insertMember = (db: Db, member: NewMember) =>
  attempt(
    db,
    { care_team_assignments_member: problem('CONFLICT', 'The provider is on the team already.') },
    () => db.insertInto('care_team_assignments').values(member).execute(),
  )

export const setPrimary = (db: Db, organizationId: string, id: string, isPrimary: boolean) =>
  db
    .updateTable('care_team_assignments')
    .set({ is_primary_provider: isPrimary })
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

export const removeMember = (db: Db, organizationId: string, id: string) =>
  db
    .deleteFrom('care_team_assignments')
    .where('organization_id', '=', organizationId)
    .where('id', '=', id)
    .execute()

/** A provider who is none any more leaves every team of the organization. */
export const leaveTeams = (db: Db, organizationId: string, providerId: string) =>
  db
    .deleteFrom('care_team_assignments')
    .where('organization_id', '=', organizationId)
    .where('provider_id', '=', providerId)
    .execute()

/** Whether an appointment that has not ended is booked here, of the patient, with the provider, or of the one with the other. */
export const isBooked = async (
  db: Db,
  organizationId: string,
  { patientId, providerId }: { readonly patientId?: string; readonly providerId?: string },
  now: Date,
): Promise<boolean> => {
  let query = db
    .selectFrom('appointments as a')
    .select('a.id')
    .where('a.organization_id', '=', organizationId)
    .where('a.status', 'in', ['SCHEDULED', 'CONFIRMED'])
    .where('a.deleted_at', 'is', null)
    .where('a.ends_at', '>', now.toISOString())
    .limit(1)
  if (patientId !== undefined) query = query.where('a.patient_id', '=', patientId)
  if (providerId !== undefined) query = query.where('a.provider_id', '=', providerId)
  return (await query.executeTakeFirst()) !== undefined
}
