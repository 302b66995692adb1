/**
 * Emits Kysely's table types from the migrated database. Our own rather than kysely-codegen: CHECK constraints
 * over closed sets become unions of literals, and instants are the ISO strings that the pool's parsers give.
 */
import type { Client } from 'pg'
import { banner, pascal } from './emit-server.ts'

const scalars: Record<string, string> = {
  bool: 'boolean',
  citext: 'string',
  date: 'string',
  float4: 'number',
  float8: 'number',
  inet: 'string',
  int4: 'number',
  int8: 'number',
  text: 'string',
  timestamptz: 'Instant',
  uuid: 'string',
  xid8: 'string',
  bytea: 'Buffer',
  _bytea: 'Buffer[]',
  _text: 'string[]',
  // As the driver gives them.
  _int8: 'string[]',
  jsonb: 'Json',
  tsvector: 'string',
}

interface Column {
  table: string
  name: string
  type: string
  nullable: boolean
  defaulted: boolean
  always: boolean
  literals: string[] | null
}

const columnsOf = async (client: Client): Promise<Column[]> => {
  const { rows } = await client.query<Column>(`
    select c.relname as "table", a.attname as name, t.typname as type, not a.attnotnull as nullable,
      a.atthasdef or a.attidentity <> '' as defaulted, a.attidentity = 'a' or a.attgenerated <> '' as always,
      (select array_agg(m[1] order by ordinality) from pg_constraint k,
         regexp_matches(pg_get_constraintdef(k.oid), '''([A-Za-z][A-Za-z0-9_./-]*)''::text', 'g') with ordinality as g(m, ordinality)
         where k.conrelid = c.oid and k.contype = 'c' and k.conkey = array[a.attnum]
           and pg_get_constraintdef(k.oid) ~ '= ANY \\(ARRAY') as literals
    from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'public'
    join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    join pg_type t on t.oid = a.atttypid
    where c.relkind in ('r', 'p') and not c.relispartition and c.relname <> 'schema_migrations'
    order by c.relname collate "C", a.attnum`)
  return rows
}

const typeOf = ({ table, name, type, nullable, defaulted, always, literals }: Column): string => {
  const scalar = literals ? literals.map((literal) => `'${literal}'`).join(' | ') : scalars[type]
  if (!scalar) throw new Error(`${table}.${name}: no TypeScript type for ${type}`)
  const full = nullable ? `${scalar} | null` : scalar
  if (always) return `GeneratedAlways<${full}>`
  return defaulted ? `Generated<${full}>` : full
}

/** Source of packages/server/src/generated/database.ts. */
export async function emitDatabase(client: Client): Promise<string> {
  const tables = Map.groupBy(await columnsOf(client), ({ table }) => table)
  const interfaces = [...tables].map(([table, columns]) => {
    const lines = columns.map((column) => `  ${column.name}: ${typeOf(column)}`)
    return `export interface ${pascal(table)}Table {\n${lines.join('\n')}\n}`
  })
  const rows = [...tables.keys()].map((table) => `  ${table}: ${pascal(table)}Table`)
  return `${banner.replace('openapi.yaml', 'the migrated database')}import type { ColumnType, GeneratedAlways } from 'kysely'

type Generated<T> = T extends ColumnType<infer S, infer I, infer U>
  ? ColumnType<S, I | undefined, U>
  : ColumnType<T, T | undefined, T>

/** ISO 8601 with milliseconds when read; a Date may be written too. */
export type Instant = ColumnType<string, string | Date, string | Date>

/** Parsed when read; written as JSON text. */
export type Json = ColumnType<JsonValue, string, string>
export type JsonValue = null | boolean | number | string | JsonValue[] | { [key: string]: JsonValue | undefined }

${interfaces.join('\n\n')}

/** Every table, as Kysely knows it. */
export interface Tables {
${rows.join('\n')}
}
`
}
