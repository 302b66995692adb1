import pg from 'pg'
import { expect, test } from 'vitest'
import { cleanAt } from '../support/upkeep.ts'
import { createWorld, type World } from '../support/world.ts'

const withWorld = async (start: string, use: (world: World) => Promise<void>): Promise<void> => {
  const world = await createWorld({ start: new Date(start) })
  try {
    await use(world)
  } finally {
    await world.stop()
  }
}

/** In which part of the table each event is. */
const places = async (world: World): Promise<[string, string][]> => {
  const { rows } = await world.admin.query<{ name: string; part: string }>(
    'select event_name as name, tableoid::regclass::text as part from telemetry_events order by occurred_at',
  )
  return rows.map(({ name, part }) => [name, part])
}

const parts = async (world: World): Promise<string[]> => {
  const { rows } = await world.admin.query<{ name: string }>(
    `select inhrelid::regclass::text as name from pg_inherits
     where inhparent in ('telemetry_events'::regclass, 'telemetry_hours'::regclass)`,
  )
  return rows.map(({ name }) => name)
}

const upkeepAt = (world: World, iso: string) => cleanAt(world, new Date(iso))

test('at the turn of the month events go on, each in the month in which it happened', () =>
  withWorld('2027-01-31T23:59:00Z', async (world) => {
    const { client } = await world.user()
    await client.telemetry.record({ event_name: 'old.month' })
    world.clock.advance({ seconds: 61 })
    await client.telemetry.record({
      events: [
        { event_name: 'new.month' },
        { event_name: 'last.moment', occurred_at: '2027-01-31T23:59:59.999Z' },
        { event_name: 'first.moment', occurred_at: '2027-02-01T00:00:00.000Z' },
      ],
    })
    expect(await places(world)).toEqual([
      ['old.month', 'telemetry_events_2027_01'],
      ['last.moment', 'telemetry_events_2027_01'],
      ['first.moment', 'telemetry_events_2027_02'],
      ['new.month', 'telemetry_events_2027_02'],
    ])
    expect(await parts(world)).toEqual(
      expect.arrayContaining(['telemetry_events_2028_04', 'telemetry_hours_2028_04']),
    )
  }))

test('a month is dropped whole 13 months after its end, its counts too, and no hour before', () =>
  withWorld('2027-01-15T12:00:00Z', async (world) => {
    const { client } = await world.user()
    await client.telemetry.record({ event_name: 'of.january' })
    await world.admin.query(
      `insert into telemetry_events (id, user_id, event_name, occurred_at)
       values (gen_random_uuid(), gen_random_uuid(), 'of.february', '2027-02-01T00:00:00Z')`,
    )
    await upkeepAt(world, '2028-02-29T23:30:00Z')
    expect((await places(world)).map(([name]) => name)).toEqual(['of.january', 'of.february'])
    await upkeepAt(world, '2028-03-01T00:00:01Z')
    expect(await places(world)).toEqual([['of.february', 'telemetry_events_2027_02']])
    const left = await parts(world)
    expect(left).not.toContain('telemetry_events_2027_01')
    expect(left).not.toContain('telemetry_hours_2027_01')
    const { rows } = await world.admin.query('select distinct event_name from telemetry_hours')
    expect(rows).toEqual([{ event_name: 'of.february' }])
    // The audit trail has the same months, and keeps them.
    const { rows: audit } = await world.admin.query(`select to_regclass('audit_logs_2027_01') as name`)
    expect(audit[0].name).toBe('audit_logs_2027_01')
  }))

test('a month that is detached is kept, and one that is in use waits without holding up who writes', () =>
  withWorld('2027-01-15T12:00:00Z', async (world) => {
    const { client } = await world.user()
    await client.telemetry.record({ event_name: 'of.january' })
    await world.admin.query(
      `insert into telemetry_events (id, user_id, event_name, occurred_at)
       values (gen_random_uuid(), gen_random_uuid(), 'of.february', '2027-02-10T00:00:00Z')`,
    )
    await world.admin.query('alter table telemetry_events detach partition telemetry_events_2027_01')
    const reader = new pg.Client(world.adminUrl)
    await reader.connect()
    try {
      await reader.query('begin')
      await reader.query('select count(*) from telemetry_events_2027_02')
      await upkeepAt(world, '2028-06-01T00:00:00Z')
      expect(await parts(world)).toContain('telemetry_events_2027_02')
      // What nobody reads is gone.
      expect(await parts(world)).not.toContain('telemetry_hours_2027_02')
      const late = await world.user()
      await late.client.telemetry.record({ event_name: 'of.june' })
      await reader.query('commit')
    } finally {
      await reader.end()
    }
    await upkeepAt(world, '2028-06-01T00:30:00Z')
    expect(await places(world)).toEqual([['of.june', 'telemetry_events_2028_06']])
    const { rows } = await world.admin.query('select event_name from telemetry_events_2027_01')
    expect(rows).toEqual([{ event_name: 'of.january' }])
  }))

test('what fell into the default partition gets its month with the next upkeep, counts included, and is dropped with it', () =>
  withWorld('2027-01-15T12:00:00Z', async (world) => {
    // Upkeep stood still for years, events went on.
    for (const [name, at] of [
      ['far.one', '2030-05-31T23:59:59Z'],
      ['far.two', '2030-06-01T00:00:00Z'],
      ['long.ago', '2020-01-01T00:00:00Z'],
    ])
      await world.admin.query(
        `insert into telemetry_events (id, user_id, event_name, occurred_at)
         values (gen_random_uuid(), gen_random_uuid(), $1, $2)`,
        [name, at],
      )
    expect(new Set((await places(world)).map(([, part]) => part))).toEqual(
      new Set(['telemetry_events_default']),
    )
    await upkeepAt(world, '2027-01-15T12:30:00Z')
    expect(await places(world)).toEqual([
      ['far.one', 'telemetry_events_2030_05'],
      ['far.two', 'telemetry_events_2030_06'],
    ])
    const { rows } = await world.admin.query(
      'select tableoid::regclass::text as part, sum(events)::int as n from telemetry_hours group by 1 order by 1',
    )
    expect(rows).toEqual([
      { part: 'telemetry_hours_2030_05', n: 1 },
      { part: 'telemetry_hours_2030_06', n: 1 },
    ])
    // A month that was made so takes new events like any other.
    await world.admin.query(
      `insert into telemetry_events (id, user_id, event_name, occurred_at)
       values (gen_random_uuid(), gen_random_uuid(), 'far.three', '2030-06-02T00:00:00Z')`,
    )
    expect((await places(world)).at(-1)).toEqual(['far.three', 'telemetry_events_2030_06'])
  }))
