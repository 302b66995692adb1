import { Kysely, PostgresDialect, type PostgresPoolClient, sql } from 'kysely'
import pg from 'pg'
import type { Tables } from '../generated/database.ts'
import type { Problem } from '../http/problem.ts'

/** Queries of one transaction, already scoped to a person and an organization. */
export type Db = Kysely<Tables>

/** What row-level security goes by. */
export interface Scope {
  readonly name:
    | 'organization'
    | 'person'
    | 'platform'
    | 'events'
    | 'webhooks'
    | 'telemetry'
    | 'system'
    | 'none'
  readonly organizationId: string | null
  readonly userId: string | null
  /** Under impersonation: of the person's own rows only those of this organization. */
  readonly within?: string | null
  /** Whose rows a group of requests may leave (`telemetry`). */
  readonly people?: readonly string[]
}

/** Outside any tenant: sessions, sign-in, upkeep. */
export const noScope: Scope = { name: 'none', organizationId: null, userId: null }

/** Kysely over one connection that somebody else holds and releases. */
export function kyselyOver(client: pg.ClientBase): Db {
  // A delegate, not an object made after the client: pg keeps a running query's state on the client itself.
  const held: PostgresPoolClient = { query: client.query.bind(client), release: () => {} }
  return new Kysely<Tables>({
    dialect: new PostgresDialect({ pool: { connect: async () => held, end: async () => {}, options: {} } }),
  })
}

/** For reads that belong to nobody (health, keys): they must answer without a database, so they get none. */
export const noDatabase: Db = new Kysely<Tables>({
  dialect: new PostgresDialect({
    pool: {
      connect: () => Promise.reject(new Error('an operation without tenancy reads no database')),
      end: async () => {},
      options: {},
    },
  }),
})

// One simple query opens the transaction and sets the scope: one round trip instead of two.
const begin = (scope: Scope, readOnly: boolean): string =>
  `begin ${readOnly ? 'read only' : 'read write'}; select ${[
    ['app.scope', scope.name],
    ['app.organization_id', scope.organizationId ?? ''],
    ['app.user_id', scope.userId ?? ''],
    ['app.within', scope.within ?? ''],
    ['app.changes', ''],
    ...(scope.people ? [['app.user_ids', scope.people.join(',')] as const] : []),
  ]
    .map(([name, value]) => `set_config('${name}', ${pg.escapeLiteral(value ?? '')}, true)`)
    .join(', ')}`

/** How a transaction ends: with what it answers, and whether its effects stay. */
export interface Outcome<T> {
  readonly value: T
  readonly commit: boolean
}

/**
 * Runs `work` on one connection between `begin` and its end. Rolls back when it throws or says so. A connection whose
 * rollback fails, or that is lost meanwhile, is thrown away, never reused.
 * @param begin the statement, or statements, that open the transaction
 */
export async function onConnection<T>(
  pool: pg.Pool,
  begin: string,
  work: (client: pg.PoolClient) => Promise<Outcome<T>>,
): Promise<T> {
  const client = await pool.connect()
  let broken: Error | undefined
  // Between two queries nobody else listens, and an unheard error ends the process.
  const onLost = (error: Error): void => {
    broken = error
  }
  client.on('error', onLost)
  const rollback = async (): Promise<void> => {
    try {
      await client.query('rollback')
    } catch (error) {
      broken = error instanceof Error ? error : new Error(String(error))
    }
  }
  try {
    await client.query(begin)
    const { value, commit } = await work(client)
    if (commit) await client.query('commit')
    else await rollback()
    return value
  } catch (error) {
    await rollback()
    throw error
  } finally {
    client.off('error', onLost)
    client.release(broken)
  }
}

/** Runs `work` in a transaction scoped to a person and an organization. */
export const transaction = <T>(
  pool: pg.Pool,
  scope: Scope,
  mode: 'read' | 'write',
  work: (db: Db, client: pg.PoolClient) => Promise<Outcome<T>>,
): Promise<T> =>
  onConnection(pool, begin(scope, mode === 'read'), (client) => work(kyselyOver(client), client))

/** A transaction outside any tenant: sessions, sign-in, upkeep. Commits unless `work` throws. */
export const unscoped = <T>(
  pool: pg.Pool,
  mode: 'read' | 'write',
  work: (db: Db) => Promise<T>,
): Promise<T> => transaction(pool, noScope, mode, async (db) => ({ value: await work(db), commit: true }))

/**
 * Runs a write that a constraint of the database may refuse, and answers that constraint's problem then;
 * the transaction goes on. Any other error passes through.
 * @param problems by constraint name, for example `{ appointments_no_overlap: problem('APPOINTMENT_CONFLICT') }`
 */
export async function attempt<T, P extends Problem>(
  db: Db,
  problems: Readonly<Record<string, P>>,
  work: () => Promise<T>,
): Promise<T | P> {
  await sql`savepoint attempt`.execute(db)
  try {
    const value = await work()
    await sql`release savepoint attempt`.execute(db)
    return value
  } catch (error) {
    const refused =
      error instanceof pg.DatabaseError && error.constraint ? problems[error.constraint] : undefined
    if (!refused) throw error
    await sql`rollback to savepoint attempt`.execute(db)
    return refused
  }
}
