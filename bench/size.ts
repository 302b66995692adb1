import pg from 'pg'
import { startEmbedded } from '../packages/server/src/db/embedded.ts'
import { migrate } from '../packages/server/src/db/migrate.ts'
import type { Benchmark, Figure } from './measure.ts'

const patients = Number(process.env.BENCH_SIZE_PATIENTS ?? 50_000)
const organizations = Math.max(1, Math.round(patients / 10_000))

const sentence = `'Synthetic text of some ordinary length, as people write it, number ' || n || ', with a second clause behind the first.'`
const org = `(select id from o where k = n % ${organizations})`
const users = Math.round(patients / 3)
const person = `(select id from u where k = n % ${users})`
const patient = `(select p from op where k = n % ${patients})`
const patientsOrg = `(select o from op where k = n % ${patients})`
const agent = '129.0.0.1'
const browser = `'Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0.0.0 Safari/537.36'`
const series = (perPatient: number): string =>
  `generate_series(1, ${Math.max(1, Math.round(patients * perPatient))}) n`

/** What a patient of an ordinary practice leaves behind in a year, and how many of each. Columns that are not named have their defaults. */
const fill: readonly (readonly [table: string, perPatient: number, columns: string, values: string])[] = [
  [
    'contact_methods',
    2,
    'id, patient_id, type, value, is_primary',
    `gen_random_uuid(), ${patient}, case when n % 2 = 0 then 'MOBILE' else 'EMAIL' end, case when n % 2 = 0 then '+1212' || lpad(n::text, 7, '0') else 'person' || n || '@patient.test' end, n <= ${patients}`,
  ],
  [
    'appointments',
    4,
    'id, organization_id, patient_id, provider_id, appointment_type, status, scheduled_at, ends_at, reason',
    `gen_random_uuid(), ${patientsOrg}, ${patient}, (select id from pr limit 1), 'IN_PERSON', 'COMPLETED', timestamptz '2020-01-01' + n * interval '1 hour', now(), 'Follow-up visit ' || n`,
  ],
  [
    'message_threads',
    1,
    'id, organization_id, patient_id, subject, updated_at',
    `gen_random_uuid(), ${patientsOrg}, ${patient}, 'A question about my visit ' || n, now()`,
  ],
  [
    'messages',
    6,
    'id, organization_id, thread_id, sender_id, body, created_at',
    `gen_random_uuid(), (select organization_id from th where k = n % ${patients}), (select id from th where k = n % ${patients}), ${person}, ${sentence}, now()`,
  ],
  [
    'notifications',
    12,
    'id, user_id, organization_id, type, title, body, created_at',
    `gen_random_uuid(), ${person}, ${org}, 'appointment', 'Your appointment', 'It is confirmed. Open the portal to see it.', now()`,
  ],
  [
    'documents',
    2,
    'id, organization_id, patient_id, filename, storage_key, content_type, size_bytes, sha256, uploaded_at, extracted_text',
    `gen_random_uuid(), ${patientsOrg}, ${patient}, 'letter-' || n || '.pdf', 'documents/' || gen_random_uuid(), 'application/pdf', 80000, md5(n::text) || md5(n::text), now(), repeat(${sentence}, 20)`,
  ],
  [
    'calls',
    1,
    'id, organization_id, patient_id, agent_id, caller_id, call_type, status, entered_queue_at, started_at, ended_at',
    `gen_random_uuid(), ${patientsOrg}, ${patient}, ${person}, '+1212' || lpad(n::text, 7, '0'), 'INBOUND', 'COMPLETED', now(), now(), now()`,
  ],
  [
    'tasks',
    1,
    'id, organization_id, assignee_id, created_by, description',
    `gen_random_uuid(), ${org}, ${person}, ${person}, 'Call back about the result, ' || n`,
  ],
  [
    'audit_logs',
    60,
    'id, actor_user_id, actor_type, organization_id, operation_id, resource_type, resource_id, action_type, ip_address, user_agent, request_id, outcome, occurred_at',
    `gen_random_uuid(), ${person}, 'USER', ${org}, 'getPatient', 'PATIENT', ${patient}, 'READ', '${agent}', ${browser}, gen_random_uuid()::text, 'SUCCESS', now()`,
  ],
  [
    'events',
    1,
    'user_id, organization_id, type, payload, created_at',
    `${person}, ${org}, 'appointment.updated', jsonb_build_object('appointment_id', gen_random_uuid(), 'patient_id', gen_random_uuid(), 'occurred_at', now(), 'status', 'CONFIRMED'), now()`,
  ],
  [
    'telemetry_events',
    24,
    'id, user_id, event_name, properties, ip_address, user_agent, occurred_at',
    `gen_random_uuid(), ${person}, 'screen.opened', jsonb_build_object('screen', 'appointments', 'ms', n), '${agent}', ${browser}, now()`,
  ],
]

/** Rows and their relations, partitions with their tables. */
const sizes = `
  select coalesce(i.inhparent, c.oid)::regclass::text as name, sum(pg_total_relation_size(c.oid))::float8 as bytes,
    sum(pg_indexes_size(c.oid))::float8 as indexes
  from pg_class c left join pg_inherits i on i.inhrelid = c.oid
  where c.relkind = 'r' and c.relnamespace = 'public'::regnamespace group by 1`

/** Bytes a row, indexes and long texts included, of every table that grows with patients: what docs/scale.md reckons with. */
export const size: Benchmark = {
  name: 'size',
  async run() {
    const postgres = await startEmbedded({ dataDir: '', ephemeral: true })
    const owner = new pg.Client(postgres.ownerUrl)
    try {
      await migrate(postgres.ownerUrl)
      await owner.connect()
      await owner.query('select ensure_partitions(current_date)')
      // It counts in one row of the organization, which a bulk load would leave behind once for each patient.
      await owner.query('alter table organization_patients disable trigger organization_patients_count')
      await owner.query(`
        insert into organizations (id, name) select gen_random_uuid(), 'Practice ' || n from generate_series(1, ${organizations}) n;
        insert into users (id, email, display_name, password_hash)
          select gen_random_uuid(), 'person' || n || '@patient.test', 'Person Number ' || n, repeat('x', 97) from generate_series(1, ${users}) n;
        insert into user_sessions (id, user_id, refresh_token_hash, refresh_family_hash, user_agent, ip_address, idle_seconds, last_active_at, expires_at)
          select gen_random_uuid(), id, sha256(id::text::bytea), sha256(('f' || id)::bytea), ${browser}, '${agent}', 900, now(), now() from users;
        insert into providers (id, user_id, npi_number, specialty) select gen_random_uuid(), id, '1234567893', 'Family medicine' from users limit 1;
        insert into patients (id, user_id, first_name, last_name, dob)
          select gen_random_uuid(), case when n <= ${users} then (array_agg(id) over ())[1] end, 'First' || n % 900, 'Lastname' || n % 4000, '1980-01-01'
          from (select null::uuid as id, n from generate_series(1, ${patients}) n) s;
        create temp table o as select id, row_number() over () - 1 as k from organizations;
        create temp table u as select id, row_number() over () - 1 as k from users;
        create temp table pr as select id from providers;
        create index on u (k); analyze u;
        insert into organization_patients (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
          select (select id from o where k = n % ${organizations}), id, 'MRN-' || lpad(n::text, 7, '0'), now(), '', '', now(), ''
          from (select id, row_number() over () as n from patients) s;
        create temp table op as select organization_id as o, patient_id as p, row_number() over () - 1 as k from organization_patients;
        create index on op (k); analyze op`)
      const counts = new Map<string, number>([
        ['organization_patients', patients],
        ['patients', patients],
        ['users', users],
        ['user_sessions', users],
      ])
      const before = new Map((await owner.query(sizes)).rows.map((row) => [row.name, row.bytes]))
      for (const [table, perPatient, columns, values] of fill) {
        await owner.query(`insert into ${table} (${columns}) select ${values} from ${series(perPatient)}`)
        counts.set(table, Math.max(1, Math.round(patients * perPatient)))
        if (table === 'message_threads')
          await owner.query(
            'create temp table th as select id, organization_id, row_number() over () - 1 as k from message_threads; create index on th (k); analyze th',
          )
      }
      await owner.query('vacuum')
      const { rows } = await owner.query<{ name: string; bytes: number; indexes: number }>(sizes)
      const figures: Figure[] = []
      let perPatient = 0
      for (const { name, bytes, indexes } of rows.toSorted((a, b) => b.bytes - a.bytes)) {
        const count = counts.get(name)
        if (count === undefined) continue
        const own = bytes - (fill.some(([table]) => table === name) ? (before.get(name) ?? 0) : 0)
        perPatient += own / patients
        figures.push({
          name: `a row of ${name} (${Math.round((100 * indexes) / bytes)} % of it indexes), ${(count / patients).toFixed(2)} of them a patient`,
          value: own / count,
          unit: 'bytes',
        })
      }
      figures.push({ name: 'all of these, for a patient and a year', value: perPatient / 1024, unit: 'KiB' })
      return figures
    } finally {
      await owner.end()
      await postgres.stop()
    }
  },
}
