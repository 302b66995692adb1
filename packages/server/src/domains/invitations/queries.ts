import { type Insertable, sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'
import type { components } from '../../generated/contract.ts'
import type { InvitationsTable } from '../../generated/database.ts'
import { hashOpaqueToken } from '../../security/tokens.ts'

export type InvitationStatus = components['schemas']['InvitationStatus']

/** One that is PENDING and past its end counts as EXPIRED. */
const statusAt = (now: Date) =>
  sql<InvitationStatus>`case when i.status = 'PENDING' and i.expires_at <= ${now} then 'EXPIRED' else i.status end`

const of = (db: Db, organizationId: string, now: Date) =>
  db
    .selectFrom('invitations as i')
    .innerJoin('users as u', 'u.id', 'i.inviter_user_id')
    .select([
      'i.id',
      'i.organization_id',
      'i.email',
      'i.role',
      'i.inviter_user_id',
      'u.display_name as inviter_name',
      'i.resend_count',
      'i.expires_at',
      'i.accepted_at',
      'i.created_at',
      statusAt(now).as('status'),
    ])
    .where('i.organization_id', '=', organizationId)

type Row = Awaited<ReturnType<ReturnType<typeof of>['execute']>>[number]

const toInvitation = ({ inviter_user_id, inviter_name, ...row }: Row) => ({
  ...row,
  inviter: { id: inviter_user_id, display_name: inviter_name },
})

interface InvitationFilter {
  readonly organizationId: string
  /** Undefined: all. */
  readonly status: InvitationStatus | undefined
  readonly now: Date
}

/** The newest first: ids are ordered by time. */
export async function listInvitations(
  db: Db,
  { organizationId, status, now }: InvitationFilter,
  { after, limit }: Slice,
) {
  let query = of(db, organizationId, now)
  if (status !== undefined) query = query.where(statusAt(now), '=', status)
  if (after !== null) query = query.where(rowAfter(['i.id'], 'descending', after))
  return (await query.orderBy('i.id', 'desc').limit(limit).execute()).map(toInvitation)
}

export async function countInvitations(
  db: Db,
  { organizationId, status, now }: InvitationFilter,
): Promise<number> {
  let query = db
    .selectFrom('invitations as i')
    .select((eb) => eb.fn.countAll<number>().as('n'))
    .where('i.organization_id', '=', organizationId)
  if (status !== undefined) query = query.where(statusAt(now), '=', status)
  return (await query.executeTakeFirstOrThrow()).n
}

export async function findInvitation(db: Db, organizationId: string, id: string, now: Date) {
  const row = await of(db, organizationId, now).where('i.id', '=', id).executeTakeFirst()
  return row && toInvitation(row)
}

/** Locked, so that nobody answers it meanwhile. */
export const lockInvitation = (db: Db, organizationId: string, id: string, now: Date) =>
  of(db, organizationId, now).where('i.id', '=', id).forUpdate('i').executeTakeFirst()

/** Closes an invitation of this address that ran out, so that it does not stand in the way of a new one. */
export const expireOld = (db: Db, organizationId: string, email: string, now: Date) =>
  db
    .updateTable('invitations')
    .set({ status: 'EXPIRED' })
    .where('organization_id', '=', organizationId)
    .where('email', '=', email)
    .where('status', '=', 'PENDING')
    .where('expires_at', '<=', now.toISOString())
    .execute()

/** False when an open invitation of this address is there already. */
export async function insertInvitation(db: Db, invitation: Insertable<InvitationsTable>): Promise<boolean> {
  const { numInsertedOrUpdatedRows } = await db
    .insertInto('invitations')
    .values(invitation)
    .onConflict((conflict) =>
      conflict.columns(['organization_id', 'email']).where('status', '=', 'PENDING').doNothing(),
    )
    .executeTakeFirst()
  return numInsertedOrUpdatedRows === 1n
}

/** Opens it again under another token. */
export const renewInvitation = (db: Db, id: string, tokenHash: Buffer, expiresAt: Date) =>
  db
    .updateTable('invitations')
    .set((eb) => ({
      status: 'PENDING',
      token_hash: tokenHash,
      expires_at: expiresAt,
      resend_count: eb('resend_count', '+', 1),
    }))
    .where('id', '=', id)
    .execute()

export const cancelInvitation = (db: Db, id: string) =>
  db.updateTable('invitations').set({ status: 'CANCELLED' }).where('id', '=', id).execute()

export const findOrganizationName = async (db: Db, id: string): Promise<string | undefined> =>
  (
    await db
      .selectFrom('organizations')
      .select('name')
      .where('id', '=', id)
      .where('deleted_at', 'is', null)
      .executeTakeFirst()
  )?.name

/** What whoever holds the token may know; the function is a door in the tenant's wall. */
interface Offer {
  readonly id: string
  readonly organization_id: string
  readonly organization_name: string
  readonly organization_suspended: boolean
  readonly email: string
  readonly role: Row['role']
  readonly inviter_name: string
  readonly status: InvitationStatus
  readonly expires_at: string
}

export const findOffer = async (db: Db, token: string, now: Date): Promise<Offer | undefined> =>
  (await sql<Offer>`select * from find_invitation(${hashOpaqueToken(token)}, ${now})`.execute(db)).rows[0]

/** True when the person in scope is a member now, false when it was answered meanwhile, null when they were one. */
export const accept = async (
  db: Db,
  token: string,
  membershipId: string,
  now: Date,
): Promise<boolean | null> => {
  const { rows } = await sql<{ done: boolean | null }>`
    select accept_invitation(${hashOpaqueToken(token)}, ${membershipId}, ${now}) as done`.execute(db)
  return rows[0]?.done ?? null
}

/** False when it was answered meanwhile. */
export const decline = async (db: Db, token: string, now: Date): Promise<boolean> => {
  const { rows } = await sql<{ done: boolean }>`
    select decline_invitation(${hashOpaqueToken(token)}, ${now}) as done`.execute(db)
  return rows[0]?.done ?? false
}
