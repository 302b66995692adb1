import { type ClientBase, escapeIdentifier } from 'pg'

export type Row = Readonly<Record<string, unknown>>

/** Inserts all rows with one statement; every row has the same columns, left-out ones take their defaults. */
export async function insertRows(client: ClientBase, table: string, rows: readonly Row[]): Promise<void> {
  const [first] = rows
  if (first === undefined) return
  const columns = Object.keys(first).map(escapeIdentifier).join(', ')
  const name = escapeIdentifier(table)
  await client.query(
    `insert into ${name} (${columns}) select ${columns} from jsonb_populate_recordset(null::${name}, $1)`,
    [JSON.stringify(rows)],
  )
}
