import pg from 'pg'
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest'
import { databaseUrl } from '../../scripts/postgres.ts'

/*
 * Past one machine the plan is Citus, distributed by organization_id (docs/operations.md). What it allows decides what the
 * migrations may do: a distributed table has the column in every key, refers to its like together with the column, and to
 * reference tables as it wants. Here is where each table would be, and each key that is not ready yet, with what becomes
 * of it. A new table that is not listed fails, and so does a new key that neither holds nor is explained.
 */

/** Spread over the machines by organization. */
const DISTRIBUTED = [
  'api_keys',
  'appointment_reminders',
  'appointment_reschedules',
  'appointments',
  'calls',
  'care_team_assignments',
  'documents',
  'enrollment_attempts',
  'impersonations',
  'invitations',
  'license_reminders',
  'message_participants',
  'message_threads',
  'messages',
  'organization_memberships',
  'organization_patients',
  'patient_names',
  'portal_invitations',
  'tasks',
  'webhook_deliveries',
  'webhook_endpoints',
]

/** On every machine, whole: organizations, which everything refers to, and people, who may be of several. */
const REFERENCE = [
  'consent_documents',
  'contact_methods',
  'organizations',
  'patient_proxy_assignments',
  'patients',
  'providers',
  'proxies',
  'staff',
  'users',
]

/** On the coordinator alone, each with the reason. */
const LOCAL: Readonly<Record<string, string>> = {
  audit_logs:
    'one chain of seals over all organizations, in the order of one machine’s transactions; by month',
  audit_seals: 'the chain itself',
  consents: 'a person’s, of no organization; read at sign-in, where the coordinator is asked anyway',
  data_exports: 'a person’s, of no organization',
  events: 'one order of commits for every stream; also people’s own; gone after 7 days',
  events_purged: 'belongs to events',
  idempotency_keys: 'an actor’s, before its organization is known; gone after a day',
  mfa_challenges: 'a person’s, of no organization',
  mfa_enrollments: 'a person’s, of no organization',
  notifications: 'a person’s, some of no organization, and listed over all of them',
  password_reset_tokens: 'a person’s, of no organization',
  schema_migrations: 'the database’s own',
  stream_tickets: 'a session’s, for a minute',
  support_macros: 'the platform’s desk',
  support_messages: 'the platform’s desk',
  support_presence: 'the platform’s desk',
  support_ticket_counters: 'one gapless number for the platform',
  support_ticket_events: 'the platform’s desk',
  support_tickets: 'the platform’s desk: one queue over all organizations, and of people without one',
  telemetry_events: 'a person’s, of no organization; by month',
  user_devices: 'a person’s, of no organization',
  user_mfa_backup_codes: 'a person’s, of no organization',
  user_sessions: 'a person’s, of no organization',
  webhook_cursor: 'belongs to events',
  xid_base: 'the database’s own',
}

const BY_ID =
  'the id is a UUIDv7 of the server’s, unique by itself: the key becomes (organization_id, id), with an index on id'
const TOGETHER =
  'both rows carry the organization, and a query finds both by it: the key becomes (organization_id, …)'
const RANDOM =
  'random, unique by itself: the index becomes (organization_id, …), and who comes with it names no organization'

/** Keys of distributed tables that do not hold the column yet, by their names, each with what becomes of it. */
const NOT_YET: Readonly<Record<string, string>> = {
  ...Object.fromEntries(
    DISTRIBUTED.filter(
      (table) =>
        !['enrollment_attempts', 'license_reminders', 'organization_patients', 'patient_names'].includes(
          table,
        ),
    ).map((table) => [`${table}_pkey`, BY_ID]),
  ),
  api_keys_prefix_key: RANDOM,
  appointment_reminders_once: TOGETHER,
  appointment_reminders_appointment_id_fkey: TOGETHER,
  appointment_reschedules_appointment_id_fkey: TOGETHER,
  appointments_no_overlap:
    'a provider is one person in every organization, so two of them must not book one at once: stays with the provider’s own table on the coordinator',
  calls_one_at_a_time:
    'an agent is one person in every organization: claimed in a table of the coordinator’s',
  documents_storage_key: RANDOM,
  invitations_token_hash_key: RANDOM,
  message_participants_thread_id_fkey: TOGETHER,
  message_participants_thread_id_user_id_key: TOGETHER,
  messages_thread_id_fkey: TOGETHER,
  portal_invitations_token_hash_key: RANDOM,
  user_sessions_impersonation_id_fkey:
    'from the coordinator into a distributed table: checked by the server, which ends both',
  webhook_deliveries_endpoint_id_fkey: TOGETHER,
  webhook_deliveries_replay_of_fkey: TOGETHER,
}

interface Key {
  readonly table: string
  readonly name: string
  readonly kind: 'unique' | 'foreign'
  readonly columns: string[]
  readonly to: string | null
  readonly toColumns: string[] | null
}

let client: pg.Client
let tables: { name: string; nullable: boolean | null }[]
let keys: Key[]

beforeAll(async () => {
  const { adminUrl, template } = inject('database')
  client = new pg.Client(databaseUrl(adminUrl, template))
  await client.connect()
  tables = (
    await client.query(`
      select c.relname as name, not a.attnotnull as nullable
      from pg_class c left join pg_attribute a on a.attrelid = c.oid and a.attname = 'organization_id'
      where c.relnamespace = 'public'::regnamespace and c.relkind in ('r', 'p') and not c.relispartition order by 1`)
  ).rows
  keys = (
    await client.query(`
      with names as (
        select a.attrelid, a.attnum, a.attname::text as name from pg_attribute a)
      select c.relname as "table", i.relname as name, 'unique' as kind,
        array(select n.name from names n where n.attrelid = x.indrelid and n.attnum = any(x.indkey)) as columns,
        null as "to", null as "toColumns"
      from pg_index x join pg_class c on c.oid = x.indrelid join pg_class i on i.oid = x.indexrelid
      where (x.indisunique or x.indisexclusion) and c.relnamespace = 'public'::regnamespace and not c.relispartition
      union all
      select c.relname, k.conname, 'foreign',
        array(select n.name from unnest(k.conkey) num join names n on n.attrelid = k.conrelid and n.attnum = num),
        t.relname,
        array(select n.name from unnest(k.confkey) num join names n on n.attrelid = k.confrelid and n.attnum = num)
      from pg_constraint k join pg_class c on c.oid = k.conrelid join pg_class t on t.oid = k.confrelid
      where k.contype = 'f' and k.conparentid = 0 and c.relnamespace = 'public'::regnamespace and not c.relispartition`)
  ).rows
})
afterAll(() => client.end())

const COLUMN = 'organization_id'
const isDistributed = (table: string): boolean => DISTRIBUTED.includes(table)
const isReference = (table: string): boolean => REFERENCE.includes(table)

/** Whether Citus allows the key as it is. */
function isAllowed({ table, kind, columns, to, toColumns }: Key): boolean {
  if (kind === 'unique') return !isDistributed(table) || columns.includes(COLUMN)
  if (to === null || toColumns === null || isReference(to)) return true
  if (!isDistributed(to)) return !isDistributed(table)
  // Between distributed tables only with the column, at the same place of both.
  return (
    isDistributed(table) && columns.indexOf(COLUMN) === toColumns.indexOf(COLUMN) && columns.includes(COLUMN)
  )
}

describe('the tables', () => {
  test('are each listed once, with where they would be', () => {
    const listed = [...DISTRIBUTED, ...REFERENCE, ...Object.keys(LOCAL)]
    expect(listed.toSorted()).toEqual(tables.map(({ name }) => name))
  })

  test('that would be spread carry the organization, always', () => {
    for (const table of DISTRIBUTED)
      expect([table, tables.find(({ name }) => name === table)?.nullable]).toEqual([table, false])
  })

  test('that carry it, always, are spread, or say why not', () => {
    for (const { name, nullable } of tables)
      if (nullable === false && !isDistributed(name))
        expect([name, LOCAL[name]]).toEqual([name, expect.any(String)])
  })
})

describe('the keys', () => {
  test('of tables that would be spread hold the organization, or say what becomes of them', () => {
    const open = keys.filter((key) => !isAllowed(key)).map(({ name }) => name)
    expect(open.filter((name) => NOT_YET[name] === undefined)).toEqual([])
  })

  test('that are explained are still open: what is ready needs no reason', () => {
    const open = new Set(keys.filter((key) => !isAllowed(key)).map(({ name }) => name))
    expect(Object.keys(NOT_YET).filter((name) => !open.has(name))).toEqual([])
  })

  test('of reference tables refer to reference tables alone', () => {
    const wrong = keys.filter(({ table, to }) => isReference(table) && to !== null && !isReference(to))
    expect(wrong.map(({ name }) => name)).toEqual([])
  })
})
