import { type Expression, type SqlBool, sql } from 'kysely'
import type { Problem } from '../http/problem.ts'
import { problem } from '../http/problem.ts'
import type { CursorFilters, Cursors, CursorValue } from '../security/cursors.ts'

/** Values of the order's columns on the last row of the page before; null on the first page. */
export type After = readonly CursorValue[] | null

/** What a list query needs to read one page: one row more than asked tells whether there is a next one. */
export interface Slice {
  readonly after: After
  readonly limit: number
}

interface Page<Row> {
  items: Row[]
  next_cursor: string | null
  total?: number
}

/** A page to be read: its slice for the query, and `close`, which makes the answer of the rows. */
interface OpenPage extends Slice {
  close<Row>(
    rows: readonly Row[],
    orderedBy: (row: Row) => readonly CursorValue[],
    total: number | undefined,
  ): Page<Row>
}

/**
 * Opens a keyset page.
 * @param filters what the list was narrowed by: the query, and whatever else the cursor must be bound to.
 * @returns INVALID_CURSOR for a cursor that is not of this list.
 */
export function openPage(
  cursors: Cursors,
  operationId: string,
  filters: CursorFilters,
  { limit, cursor }: { readonly limit: number; readonly cursor?: string },
): OpenPage | Problem<'INVALID_CURSOR'> {
  const after = cursor === undefined ? null : cursors.decode(operationId, filters, cursor)
  if (after === undefined) return problem('INVALID_CURSOR')
  return {
    after,
    limit: limit + 1,
    close(rows, orderedBy, total) {
      const items = rows.slice(0, limit)
      const last = items.at(-1)
      const more = rows.length > limit && last !== undefined
      return {
        items,
        next_cursor: more ? cursors.encode(operationId, filters, orderedBy(last)) : null,
        ...(total === undefined ? {} : { total }),
      }
    },
  }
}

/** `(a, b) > ($1, $2)`: one index condition, unlike the same written out with `or`. */
export const rowAfter = (
  columns: readonly string[],
  order: 'ascending' | 'descending',
  values: readonly CursorValue[],
): Expression<SqlBool> =>
  sql<SqlBool>`(${sql.join(columns.map((column) => sql.ref(column)))}) ${sql.raw(order === 'ascending' ? '>' : '<')} (${sql.join(values)})`
