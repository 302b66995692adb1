import pg from 'pg'
import { v7 as uuidv7 } from 'uuid'
import { createPool } from '../packages/server/src/db/pool.ts'
import { transaction } from '../packages/server/src/db/scope.ts'
import { searchPatients } from '../packages/server/src/domains/patients/queries.ts'
import { type Benchmark, type Figure, median, percentile } from './measure.ts'
import { onDatabase } from './site.ts'

const patients = 100_000
/** Others' patients lie between them in the table. */
const others = 4
const rounds = 3

// Invented, of syllables, so that beginnings are shared as in real names; the first of a list are by far the commonest.
const syllables =
  'ma mar san del ro ber son al an jo kar li wil ha o gar tor ben fer mo pe ra sch wa no ca da es fi gu'
const onsets = syllables.split(' ')
const endings = [
  'ez',
  'son',
  'er',
  'ski',
  'a',
  'en',
  'o',
  'man',
  'ley',
  'in',
  'etti',
  'ford',
  'berg',
  'ova',
  'ton',
]
const names = (count: number, step: number): string[] =>
  Array.from({ length: count }, (_, n) => {
    const pick = (list: readonly string[], salt: number) =>
      list[(n * step + salt * (n % 17)) % list.length] ?? ''
    const name = pick(onsets, 1) + (n % 3 === 0 ? '' : pick(onsets.toReversed(), 7)) + pick(endings, 3)
    return name.charAt(0).toUpperCase() + name.slice(1)
  })
const lastNames = [...names(4000, 13), 'Okafor', 'Muñoz', 'O’Brien', 'Nguyen', 'Smith']
const firstNames = [...names(900, 7), 'Maria', 'Zoë', 'John', 'Mary', 'Ngozi']

const swapped = (text: string): string =>
  text.length < 5 ? text : `${text.slice(0, 2)}${text.charAt(3)}${text.charAt(2)}${text.slice(4)}`

/** What people type: beginnings, names whole and misspelled, full names both ways round, parts of numbers. */
function queries(rows: readonly { first_name: string; last_name: string; medical_record_number: string }[]) {
  return rows.flatMap(({ first_name: first, last_name: last, medical_record_number: number }) => [
    ['2 letters', last.slice(0, 2)],
    ['3 letters', last.slice(0, 3)],
    ['3 letters', first.slice(0, 3)],
    ['last name', last],
    ['first name', first.padEnd(4, 'a')],
    ['misspelled', swapped(last)],
    ['misspelled', `${last.slice(0, -1)}y`],
    ['full name', `${first} ${last}`],
    ['full name', `${last}, ${first}`],
    ['full name', `${first} ${swapped(last)}`],
    ['number', number],
    ['number', number.slice(-5)],
    ['number', number.slice(0, 8)],
    ['nobody', `zzqx${last.slice(1, 4)}`],
  ]) as [string, string][]
}

/** The time that the database takes for the first page of a search, under row-level security, one after the other. */
export const search: Benchmark = {
  name: 'search',
  run: () =>
    onDatabase(async ({ ownerUrl, appUrl }) => {
      const organizations = Array.from({ length: others + 1 }, () => uuidv7())
      const owner = new pg.Client(ownerUrl)
      await owner.connect()
      await owner.query('select setseed(0.42)')
      // It counts in one row, which a single transaction would leave behind 200,000 times.
      await owner.query('alter table organization_patients disable trigger organization_patients_count')
      await owner.query(`insert into organizations (id, name) select unnest($1::uuid[]), 'Bench'`, [
        organizations,
      ])
      // Every second one is of the organization that is searched.
      await owner.query(
        `with p as (insert into patients (id, first_name, last_name, dob)
           select gen_random_uuid(), ($2::text[])[1 + floor(cardinality($2) * random() ^ 2)],
             ($3::text[])[1 + floor(cardinality($3) * random() ^ 2)], '1980-01-01'
             from generate_series(1, $4::int * 2) returning id)
         insert into organization_patients
             (organization_id, patient_id, medical_record_number, enrolled_at, first_name, last_name, dob, search_text)
           select ($1::uuid[])[case when n % 2 = 0 then 1 else 2 + (n / 2) % (cardinality($1) - 1) end], id,
             'MRN-' || lpad(n::text, 7, '0'), now(), '', '', now(), ''
             from (select id, row_number() over () as n from p) s`,
        [organizations, firstNames, lastNames, patients],
      )
      await owner.query('vacuum (analyze) organization_patients')
      const { rows } = await owner.query(
        `select first_name, last_name, medical_record_number from organization_patients
           where organization_id = $1 order by md5(patient_id::text) limit 20`,
        [organizations[0]],
      )
      await owner.end()

      const pool = createPool(appUrl, 1, () => {})
      const times = new Map<string, number[]>()
      const [organizationId = ''] = organizations
      const scope = { name: 'organization', organizationId, userId: null } as const
      const filter = { organizationId, status: 'ACTIVE' } as const
      for (let round = 0; round <= rounds; round++)
        for (const [kind, text] of queries(rows)) {
          await transaction(pool, scope, 'read', async (db) => {
            const began = performance.now()
            await searchPatients(db, filter, text, { after: null, limit: 51 })
            // The first round warms the caches.
            if (round > 0) times.set(kind, [...(times.get(kind) ?? []), performance.now() - began])
            return { value: undefined, commit: true }
          })
        }
      await pool.end()
      const figures: Figure[] = [...times].map(([kind, values]) => ({
        name: `median of a search by ${kind}, ${patients} patients`,
        value: median(values),
        unit: 'ms',
      }))
      for (const [kind, values] of times)
        figures.push({
          name: `95 of 100 searches by ${kind} within`,
          value: percentile(values, 0.95),
          unit: 'ms',
        })
      figures.push({
        name: `95 of 100 searches within, ${patients} patients`,
        value: percentile([...times.values()].flat(), 0.95),
        unit: 'ms',
        bound: 30,
      })
      return figures
    }),
}
