import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, onTestFinished, test } from 'vitest'
import { MIGRATIONS_DIR } from '../../packages/server/src/db/migrate.ts'
import { migrationFaults } from '../../scripts/check-migrations.ts'

const faultsOf = (sql: string): Promise<string[]> => {
  const dir = mkdtempSync(join(tmpdir(), 'wardline-migrations-'))
  onTestFinished(() => rmSync(dir, { recursive: true }))
  writeFileSync(join(dir, '0050_x.sql'), `${sql}\n`)
  return migrationFaults(dir)
}

test('our migrations can be applied beside servers of the release before', async () => {
  expect(await migrationFaults(MIGRATIONS_DIR)).toEqual([])
})

test.each([
  ['alter table patients rename column dob to born;', 'renaming-column'],
  ['alter table patients rename to people;', 'renaming-table'],
  ['alter table patients drop column dob;', 'ban-drop-column'],
  ['drop table patients;', 'ban-drop-table'],
  ['alter table patients alter column dob type text;', 'changing-column-type'],
  ['alter table patients add column x int not null;', 'adding-required-field'],
  ['alter table patients alter column x set not null;', 'adding-not-nullable-field'],
  ['alter table patients add column x uuid default gen_random_uuid();', 'adding-field-with-default'],
  ['alter table patients add constraint x check (y > 0);', 'constraint-missing-not-valid'],
  [
    'alter table patients add constraint x foreign key (y) references users;',
    'adding-foreign-key-constraint',
  ],
  ['alter table patients add constraint x unique (y);', 'disallowed-unique-constraint'],
  ['create index x on patients (y);', 'require-concurrent-index-creation'],
  ['drop function load_session(uuid);', 'takes away'],
  ['revoke select on patients from wardline_app;', 'takes away'],
  ['update patients set y = 1;', 'holds its rows'],
  ['-- contract: later\nselect 1;', 'the note must read'],
  ['-- contract: needs 0050, itself\nalter table patients drop column dob;', 'the note must read'],
])('%s is refused', async (sql, why) => {
  expect((await faultsOf(sql)).join('\n')).toContain(why)
})

test.each([
  'alter table patients add column x text;',
  'alter table patients add column x integer not null default 0;',
  'alter table patients add constraint x check (y > 0) not valid;',
  'create table x (id uuid primary key, y uuid);\ncreate index x_y on x (y);\nupdate x set y = id;',
  '-- concurrently\ncreate index concurrently if not exists x on patients (y);',
  'create or replace function f() returns int language sql as $$ update patients set y = 1 returning 1 $$;',
  'drop trigger x on patients;\ncreate trigger x before update on patients for each row execute function f();',
  'revoke execute on function f() from public;',
  '-- contract: needs 0048, since which nobody reads it\nalter table patients drop column dob;\ndrop function f();',
  '-- brief: nine rows\nupdate consent_documents set version = 2;',
])('%s is accepted', async (sql) => {
  expect(await faultsOf(sql)).toEqual([])
})
