import { afterAll, beforeAll, expect, test } from 'vitest'
import { cleanAt } from '../support/upkeep.ts'
import { createWorld, type World } from '../support/world.ts'

/*
 * How long things are kept, as docs/operations.md lists it: upkeep leaves them until then, and takes them after. Sessions and the
 * audit trail: upkeep.test.ts; telemetry: telemetry/months.test.ts; exports and uploads: with theirs.
 */

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR

let world: World

beforeAll(async () => {
  world = await createWorld()
})
afterAll(() => world.stop())

interface Kept {
  readonly table: string
  /** How long, from when it is made. */
  readonly ms: number
  readonly make: (from: Date) => Promise<unknown>
}

const insert = (statement: string, ...values: unknown[]) => world.admin.query(statement, values)

const kept: Record<string, Kept> = {
  'an event of the outbox, 7 days': {
    table: 'events',
    ms: 7 * DAY,
    make: (from) =>
      insert(
        `insert into events (user_id, type, payload, created_at) values (gen_random_uuid(), 'message.new', '{}', $1)`,
        from,
      ),
  },
  'a delivery of a webhook, 30 days': {
    table: 'webhook_deliveries',
    ms: 30 * DAY,
    make: async (from) => {
      const org = await world.organization()
      const endpoint = world.id()
      await insert(
        `insert into webhook_endpoints (id, organization_id, url, secret) values ($1, $2, 'https://hooks.clinic.example', 'x')`,
        endpoint,
        org,
      )
      await insert(
        `insert into webhook_deliveries (id, organization_id, endpoint_id, event_id, event_type, payload, status, created_at)
         values (gen_random_uuid(), $1, $2, '1.1', 'member.joined', '{}', 'DELIVERED', $3)`,
        org,
        endpoint,
        from,
      )
    },
  },
  'an idempotency key and its reply, 24 hours': {
    table: 'idempotency_keys',
    ms: DAY,
    make: (from) =>
      insert(
        `insert into idempotency_keys (actor_id, operation_id, key, request_hash, status, expires_at)
         values (gen_random_uuid(), 'x', 'kept', '', 201, $1)`,
        new Date(from.getTime() + DAY),
      ),
  },
  'a ticket for a stream, an hour after its end': {
    table: 'stream_tickets',
    ms: HOUR + MINUTE,
    make: async (from) => {
      const { sessionId } = await world.user()
      await insert(
        `insert into stream_tickets (id, session_id, token_hash, expires_at) values (gen_random_uuid(), $1, '\\x01', $2)`,
        sessionId,
        new Date(from.getTime() + MINUTE),
      )
    },
  },
  'a sign-in that waits for its code, a day after its end': {
    table: 'mfa_challenges',
    ms: DAY + MINUTE,
    make: async (from) => {
      const { id } = await world.user()
      await insert(
        `insert into mfa_challenges (id, user_id, token_hash, expires_at) values (gen_random_uuid(), $1, '\\x02', $2)`,
        id,
        new Date(from.getTime() + MINUTE),
      )
    },
  },
  'a link for a new password, a day after its end': {
    table: 'password_reset_tokens',
    ms: DAY + MINUTE,
    make: async (from) => {
      const { id } = await world.user()
      await insert(
        `insert into password_reset_tokens (id, user_id, token_hash, expires_at) values (gen_random_uuid(), $1, '\\x03', $2)`,
        id,
        new Date(from.getTime() + MINUTE),
      )
    },
  },
  'a begun set-up of a second factor, until its end': {
    table: 'mfa_enrollments',
    ms: 15 * MINUTE,
    make: async (from) => {
      const { id } = await world.user()
      await insert(
        `insert into mfa_enrollments (user_id, secret, backup_code_hashes, expires_at) values ($1, 'x', '{}', $2)`,
        id,
        new Date(from.getTime() + 15 * MINUTE),
      )
    },
  },
}

test.each(Object.entries(kept))('upkeep keeps %s, and not longer', async (_what, { table, ms, make }) => {
  const from = world.clock.now()
  await make(from)
  const left = async () => (await world.admin.query(`select from ${table}`)).rowCount
  // Little less than its time; for what lives shorter than upkeep's pause there is no look before.
  if (ms > 30 * MINUTE) {
    await cleanAt(world, new Date(from.getTime() + ms - MINUTE))
    expect(await left()).toBe(1)
  }
  await cleanAt(world, new Date(from.getTime() + ms + 15 * MINUTE))
  expect(await left()).toBe(0)
})
