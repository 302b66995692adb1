import { type Expression, type RawBuilder, sql } from 'kysely'

/** An instant inside JSON that PostgreSQL builds, as the wire wants it (columns come parsed already). */
export const instantText = (instant: Expression<unknown>): RawBuilder<string> =>
  sql<string>`to_char(${instant} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')`

/** A LIKE pattern that finds `text` anywhere, whatever it contains. */
export const containing = (text: string): string => `%${text.replace(/[\\%_]/g, '\\$&')}%`
