import { sql } from 'kysely'
import type { Db } from '../../db/scope.ts'

/** A device as the person registers it. */
export interface NewDevice {
  readonly id: string
  readonly user_id: string
  readonly fcm_token: string
  readonly platform: 'ios' | 'android' | 'web'
}

/** Registers the device, or notes that it is in use. It belongs to who registered it last. */
export async function registerDevice(db: Db, device: NewDevice, now: Date) {
  // One device changes hands at a time, or two people at once could both keep it.
  await sql`select pg_advisory_xact_lock(hashtextextended(${device.fcm_token}, 0))`.execute(db)
  await db
    .deleteFrom('user_devices')
    .where('fcm_token', '=', device.fcm_token)
    .where('user_id', '!=', device.user_id)
    .execute()
  return db
    .insertInto('user_devices')
    .values({ ...device, last_active_at: now, created_at: now })
    .onConflict((conflict) =>
      conflict
        .columns(['user_id', 'fcm_token'])
        .doUpdateSet({ platform: device.platform, last_active_at: now }),
    )
    .returning(['id', 'platform', 'created_at', 'last_active_at'])
    .executeTakeFirstOrThrow()
}

export const removeDevice = (db: Db, userId: string, token: string) =>
  db.deleteFrom('user_devices').where('user_id', '=', userId).where('fcm_token', '=', token).execute()
