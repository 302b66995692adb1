import type { Insertable } from 'kysely'
import type { Db } from '../../db/scope.ts'
import type { TelemetryEventsTable } from '../../generated/database.ts'

/** All or none. */
export const insertEvents = (db: Db, events: readonly Insertable<TelemetryEventsTable>[]) =>
  db.insertInto('telemetry_events').values(events).execute()
