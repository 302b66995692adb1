import { type Compilable, CompiledQuery } from 'kysely'
import type { Db } from './scope.ts'

// More would outlive a few rounds of the garbage collector, which then takes them for lasting and lets memory grow.
const ROWS = 50

/**
 * The rows of a query, a few at a time, as they are at this instant: one statement of the transaction, whose plan is made once
 * and whose rows are nowhere all at once. A transaction has one at a time.
 */
export async function* streamed<Row>(db: Db, query: Compilable<Row>): AsyncGenerator<Row> {
  const { sql, parameters } = query.compile()
  await db.executeQuery(CompiledQuery.raw(`declare streamed no scroll cursor for ${sql}`, [...parameters]))
  const next = CompiledQuery.raw(`fetch forward ${ROWS} from streamed`)
  for (;;) {
    // The rows are those of the query that was declared.
    const { rows } = await db.executeQuery<Row>(next as CompiledQuery<Row>)
    yield* rows
    if (rows.length < ROWS) return
  }
}
