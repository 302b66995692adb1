import { sql } from 'kysely'
import { rowAfter, type Slice } from '../../db/keyset.ts'
import type { Db } from '../../db/scope.ts'

// Impersonations are no devices of the person, who hears of them otherwise.
const open = (db: Db, userId: string, now: Date) =>
  db
    .selectFrom('user_sessions')
    .where('user_id', '=', userId)
    .where('impersonation_id', 'is', null)
    .where('revoked_at', 'is', null)
    .where('expires_at', '>', now.toISOString())
    .where(sql<boolean>`last_active_at + make_interval(secs => idle_seconds) > ${now}`)

/** Where the person is signed in, the newest sign-in first. */
export const listOpenSessions = (db: Db, userId: string, now: Date, { after, limit }: Slice) =>
  open(db, userId, now)
    .$if(after !== null, (query) => query.where(rowAfter(['created_at', 'id'], 'descending', after ?? [])))
    .select(['id', 'device', 'issuer', 'user_agent', 'ip_address', 'created_at', 'last_active_at'])
    .orderBy('created_at', 'desc')
    .orderBy('id', 'desc')
    .limit(limit)
    .execute()

export async function countOpenSessions(db: Db, userId: string, now: Date): Promise<number> {
  const row = await open(db, userId, now)
    .select((eb) => eb.fn.countAll<number>().as('total'))
    .executeTakeFirst()
  return row?.total ?? 0
}

export const findOpenSession = (db: Db, userId: string, id: string, now: Date) =>
  open(db, userId, now).select('id').where('id', '=', id).executeTakeFirst()
