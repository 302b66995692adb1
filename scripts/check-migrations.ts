/**
 * Whether migrations can be applied while servers of the release before are at work: `npm run check:migrations`.
 * squawk knows which statements rewrite a table, block its readers or writers, or break those that know it as it was;
 * what it does not look at is looked at here. docs/operations.md ("Upgrade without downtime") has the rules.
 */
import { execFile } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

// Those before were applied before there was anything to keep up.
const FIRST = '0040'

const OURS = [
  // The migrator sets it, and tries again.
  'require-lock-timeout',
  'require-statement-timeout',
  // Each file is one transaction, or its statements say "if not exists".
  'prefer-robust-stmts',
  // Sizes, counters and durations, with checks.
  'prefer-bigint-over-int',
  'prefer-bigint-over-smallint',
]

const SQUAWK = join(import.meta.dirname, '../node_modules/squawk-cli/js/bin/squawk')

/** What takes something away: right once no server is left that needs it. */
const CONTRACTING = ['ban-drop-column', 'ban-drop-table', 'renaming-column', 'renaming-table']

interface Finding {
  readonly file: string
  readonly line: number
  readonly message: string
  readonly rule_name: string
}

function squawk(path: string, options: string[]): Promise<Finding[]> {
  return new Promise((resolve, reject) => {
    execFile(
      process.execPath,
      [SQUAWK, '--pg-version', '15.0', '--reporter', 'json', ...options, path],
      (error, stdout, stderr) => {
        // It exits with 1 when it found something.
        if (error && stdout === '') reject(new Error(`squawk failed: ${stderr || error.message}`))
        else resolve(stdout.trim() === '' ? [] : (JSON.parse(stdout) as Finding[]))
      },
    )
  })
}

/** The statements of a file, without comments and without the bodies of functions. */
const statementsOf = (sql: string): string[] =>
  sql
    .replaceAll(/\$(\w*)\$[\s\S]*?\$\1\$/g, "''")
    .replaceAll(/--.*$/gm, '')
    .split(';')
    .map((statement) => statement.trim().replaceAll(/\s+/g, ' ').toLowerCase())
    .filter((statement) => statement !== '')

function ownFaults(sql: string, contracts: boolean): string[] {
  const statements = statementsOf(sql)
  const made = new Set(
    statements.flatMap((one) => /^create table (?:if not exists )?(\w+)/.exec(one)?.[1] ?? []),
  )
  const replaces = (kind: string, name: string): boolean =>
    statements.some((one) => new RegExp(`^create (or replace )?${kind} ${name}\\b`).test(one))
  return statements.flatMap((statement) => {
    const taken = /^drop (function|view|type|schema|trigger) (?:if exists )?(\w+)/.exec(statement)
    if (taken && !contracts && !(taken[1] === 'trigger' && replaces('trigger', taken[2] ?? '')))
      return [`"${statement}" takes away what older servers may use: say "-- contract: needs NNNN, …".`]
    if (statement.startsWith('revoke ') && !contracts && !/ from public$/.test(statement))
      return [`"${statement}" takes away what older servers may use: say "-- contract: needs NNNN, …".`]
    const table = /^(?:update|delete from|truncate(?: table)?) (?:only )?(\w+)/.exec(statement)?.[1]
    if (table !== undefined && !made.has(table) && !/^-- brief: /m.test(sql))
      return [
        `"${statement}" holds its rows until the end: do it in a job, or say "-- brief: …" why it is quick.`,
      ]
    return []
  })
}

/** One sentence for each statement that the release before could not live beside. */
export async function migrationFaults(dir: string, first = FIRST): Promise<string[]> {
  const names = readdirSync(dir).filter((name) => name.endsWith('.sql') && name >= first)
  const faults = await Promise.all(
    names.map(async (name) => {
      const sql = readFileSync(join(dir, name), 'utf8')
      const needs = /^-- contract: needs (\d{4}), \S/m.exec(sql)?.[1]
      const contracts = needs !== undefined && needs < name.slice(0, 4)
      const excluded = contracts ? [...OURS, ...CONTRACTING] : OURS
      const found = await squawk(join(dir, name), [
        ...(/^-- concurrently$/m.test(sql) ? [] : ['--assume-in-transaction']),
        '--exclude',
        excluded.join(','),
      ])
      return [
        ...(/^-- contract:/m.test(sql) && !contracts
          ? [
              `${name}: the note must read "-- contract: needs NNNN, …", with the number of an earlier migration.`,
            ]
          : []),
        ...found.map(({ line, message, rule_name: rule }) => `${name}:${line + 1}: ${message} (${rule})`),
        ...ownFaults(sql, contracts).map((fault) => `${name}: ${fault}`),
      ]
    }),
  )
  return faults.flat()
}

if (import.meta.main) {
  const faults = await migrationFaults(join(import.meta.dirname, '../packages/server/migrations'))
  for (const fault of faults) console.error(fault)
  if (faults.length > 0) process.exitCode = 1
}
