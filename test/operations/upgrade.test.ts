import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createClient } from '@wardline/sdk'
import { sql } from 'kysely'
import pg from 'pg'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { MIGRATIONS_DIR, migrate, pendingMigrations } from '../../packages/server/src/db/migrate.ts'
import { allHandlers } from '../../packages/server/src/server.ts'
import type { Services } from '../../packages/server/src/services.ts'
import { migrationFaults } from '../../scripts/check-migrations.ts'
import { checkedFetch } from '../support/contract.ts'
import { createWorld, type TestUser, type World } from '../support/world.ts'

/*
 * A release that changes the schema, rolled out under load: first its migrations, beside servers of the release before,
 * then its servers one by one, at last the migration that takes away what only the old ones used. No call fails and
 * nothing that was answered is missing. The old release is this one; the new one is this one with a handler that uses
 * what its migrations made.
 */

const EXPAND = {
  '9000_task_labels.sql': `
    alter table tasks add column label text not null default '';
    alter table tasks add constraint tasks_label check (length(label) <= 20) not valid;
    alter table organization_patients add column note text;
    create table task_labels (
      id uuid primary key,
      organization_id uuid not null references organizations,
      label text not null
    );
    alter table task_labels enable row level security, force row level security;
    create policy owner on task_labels to current_user using (true);
    create policy tenant on task_labels to wardline_app using (organization_id = (select app_organization_id()));
    grant select, insert on task_labels to wardline_app;
  `,
  '9001_task_labels_checked.sql': 'alter table tasks validate constraint tasks_label;\n',
  '9002_task_labels_index.sql':
    '-- concurrently\ncreate index concurrently if not exists tasks_labels on tasks (organization_id, label, id);\n',
}
const CONTRACT = {
  '9003_no_notes.sql':
    '-- contract: needs 9000, since which nobody reads the note\nalter table organization_patients drop column note;\n',
}

let world: World
let org_id: string
let admin: TestUser
const dir = mkdtempSync(join(tmpdir(), 'wardline-upgrade-'))

beforeAll(async () => {
  world = await createWorld()
  org_id = await world.organization()
  admin = await world.user({ roles: { [org_id]: 'ADMIN' } })
  for (let n = 0; n < 5; n++) await world.patient([org_id])
  cpSync(MIGRATIONS_DIR, dir, { recursive: true })
})
afterAll(async () => {
  await world.stop()
  rmSync(dir, { recursive: true })
})

const write = (files: Record<string, string>): void => {
  for (const [name, text] of Object.entries(files)) writeFileSync(join(dir, name), text)
}

/** The next release: it labels what it makes. */
const newRelease = (services: Services) => {
  const handlers = allHandlers(services)
  return {
    ...handlers,
    createTask: async (...[context, input]: Parameters<typeof handlers.createTask>) => {
      const task = await handlers.createTask(context, input)
      if ('id' in task) await sql`update tasks set label = 'new' where id = ${task.id}`.execute(context.db)
      return task
    },
  }
}

/** Callers that go from one server to the next, as behind a proxy that knows which are up. */
function startLoad(servers: string[]) {
  const failures: unknown[] = []
  const made: string[] = []
  let stopped = false
  let turn = 0
  const caller = async (): Promise<void> => {
    while (!stopped) {
      turn += 1
      const baseUrl = servers[turn % servers.length] ?? ''
      const client = createClient({ baseUrl, fetch: checkedFetch, maxRetries: 0, auth: admin.token })
      try {
        const task = await client.tasks.create({ org_id, assignee_id: admin.id, description: 'Under load' })
        made.push(task.id)
        await client.tasks.list({ org_id, limit: 5 })
        await client.patients.list({ org_id })
      } catch (error) {
        failures.push(error)
      }
    }
  }
  const callers = Array.from({ length: 4 }, caller)
  return {
    failures,
    made,
    /** Waits until every server has had its share. */
    async goOn(): Promise<void> {
      const before = made.length
      await vi.waitFor(() => expect(made.length + failures.length).toBeGreaterThan(before + 20), {
        timeout: 20_000,
      })
    },
    async stop(): Promise<void> {
      stopped = true
      await Promise.all(callers)
    },
  }
}

test('a release is rolled out under load, and no call fails', async () => {
  const old = [await world.startServer(), await world.startServer()]
  const servers = old.map(({ url }) => url)
  const load = startLoad(servers)
  await load.goOn()

  // A long report holds the table meanwhile: the migrations wait for it, the callers do not.
  const report = new pg.Client(world.adminUrl)
  await report.connect()
  await report.query('begin; select count(*) from tasks')
  write(EXPAND)
  const applied = migrate(world.adminUrl, { dir, patience: { lockMs: 100, attempts: 200, pauseMs: 50 } })
  await load.goOn()
  await report.query('commit')
  await report.end()
  expect(await applied).toEqual(Object.keys(EXPAND))
  await load.goOn()

  // One that is started again meanwhile is still of the old release.
  expect(await pendingMigrations(world.appUrl)).toEqual([])
  for (const server of old) {
    const { url } = await world.startServer({ handlers: newRelease })
    servers.push(url)
    await load.goOn()
    // As a proxy does that has seen it say that it stops.
    servers.splice(servers.indexOf(server.url), 1)
    await load.goOn()
    await server.close()
  }

  write(CONTRACT)
  expect(await migrate(world.adminUrl, { dir })).toEqual(Object.keys(CONTRACT))
  await load.goOn()
  await load.stop()
  expect(load.failures).toEqual([])

  const { rows } = await world.admin.query('select id, label from tasks')
  expect(rows.map(({ id }) => id).sort()).toEqual([...load.made].sort())
  expect(new Set(rows.map(({ label }) => label))).toEqual(new Set(['', 'new']))
  await expect(pendingMigrations(world.appUrl)).rejects.toThrow(
    'The database was changed by 9003_no_notes.sql for servers that know the migration 9000, and this one is older',
  )
}, 60_000)

test('its migrations are those that the check lets pass', async () => {
  write({ ...EXPAND, ...CONTRACT })
  expect(await migrationFaults(dir, '9000')).toEqual([])
})
