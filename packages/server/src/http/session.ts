import type { Pool } from 'pg'
import type { OrganizationRole, ProxyPermission } from './operation.ts'

/** A session and all that the gates need of its person, as the function load_session answers it. */
export interface LoadedSession {
  readonly session: {
    readonly id: string
    readonly user_id: string
    readonly revoked: boolean
    readonly revoked_reason: string | null
    readonly expires_at: string
    readonly last_active_at: string
    readonly idle_seconds: number
    readonly mfa_verified_at: string | null
  }
  readonly user: {
    readonly email: string
    readonly display_name: string
    readonly mfa_enabled: boolean
    readonly is_super_admin: boolean
    readonly is_support_agent: boolean
    readonly requires_consent: boolean
    readonly locked_until: string | null
    readonly suspended: boolean
    readonly deleted: boolean
  }
  readonly memberships: readonly {
    readonly organization_id: string
    readonly role: OrganizationRole
    readonly suspended: boolean
    /** Nothing was paid for so long that health information is no longer written. */
    readonly lapsed: boolean
  }[]
  readonly patients: readonly ({
    readonly patient_id: string
    readonly self: boolean
    readonly expires_at: string | null
    readonly organizations: readonly string[]
    /** Those of them that are suspended. */
    readonly suspended: readonly string[]
    /** Those of them where health information is no longer written. */
    readonly lapsed: readonly string[]
  } & Readonly<Record<ProxyPermission, boolean>>)[]
  readonly pending_documents: readonly { id: string; type: string; version: string; title: string }[]
  readonly impersonation: {
    readonly id: string
    readonly admin_user_id: string
    readonly admin_name: string
    readonly patient_id: string
    readonly organization_id: string
    readonly reason: string
    readonly expires_at: string
    readonly ended: boolean
    readonly admin_live: boolean
  } | null
  /** Set for a sign-in at an external issuer. */
  readonly external: {
    readonly issuer: string /** By a second factor that we trust. */
    readonly mfa: boolean
  } | null
}

interface SessionRow {
  readonly answer: Omit<LoadedSession, 'external'>
  readonly issuer: string | null
  readonly mfa_by_issuer: boolean
}

const toLoaded = (row: SessionRow | undefined): LoadedSession | null =>
  row === undefined
    ? null
    : { ...row.answer, external: row.issuer === null ? null : { issuer: row.issuer, mfa: row.mfa_by_issuer } }

interface Asked {
  readonly sessionId: string
  readonly now: Date
  readonly resolve: (loaded: LoadedSession | null) => void
  readonly reject: (error: unknown) => void
}

const mostAtOnce = 50
const mostUnderWay = 4

/**
 * Reads sessions: one alone at once, many that are asked for at the same time in one round trip, which costs less than what it
 * carries. No cache: each is read after it was asked for, so what is revoked bites on the next request, on any replica.
 */
export class SessionLoader {
  readonly #pool: Pool
  #waiting: Asked[] = []
  #underWay = 0

  constructor(pool: Pool) {
    this.#pool = pool
  }

  /** Null when there is no such session. Rejects when the database does not answer. */
  load(sessionId: string, now: Date): Promise<LoadedSession | null> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ sessionId, now, resolve, reject })
      // The turn of the event loop in which one request has arrived may bring others.
      if (this.#underWay < mostUnderWay) setImmediate(() => void this.#drain())
    })
  }

  async #drain(): Promise<void> {
    if (this.#underWay >= mostUnderWay) return
    this.#underWay += 1
    while (this.#waiting.length > 0) await this.#read(this.#waiting.splice(0, mostAtOnce))
    this.#underWay -= 1
  }

  async #read(batch: readonly Asked[]): Promise<void> {
    try {
      const { rows } = await this.#pool.query<SessionRow & { at: number }>({
        name: 'load_sessions',
        text: `select asked.at::int, load_session(s.id, asked.now) as answer, s.issuer, s.mfa_by_issuer
          from unnest($1::uuid[], $2::timestamptz[]) with ordinality as asked (id, now, at)
          join user_sessions s on s.id = asked.id`,
        values: [batch.map(({ sessionId }) => sessionId), batch.map(({ now }) => now)],
      })
      const found = new Map(rows.map((row) => [row.at, row]))
      for (const [index, { resolve }] of batch.entries()) resolve(toLoaded(found.get(index + 1)))
    } catch (error) {
      for (const { reject } of batch) reject(error)
    }
  }
}

/** The same for a sign-in at an external issuer; null when it has opened no session yet. */
export async function loadExternalSession(
  pool: Pool,
  signInHash: Buffer,
  now: Date,
): Promise<LoadedSession | null> {
  const { rows } = await pool.query<SessionRow>({
    name: 'load_external_session',
    text: 'select load_session(id, $2) as answer, issuer, mfa_by_issuer from user_sessions where sign_in_hash = $1',
    values: [signInHash, now],
  })
  return toLoaded(rows[0])
}

// Finer would cost a write per request, coarser would shorten the idle limit noticeably.
const touchAfterMs = 60_000

/** Notes that the session is in use; at most one write a minute. */
export async function touchSession(pool: Pool, loaded: LoadedSession, now: Date): Promise<void> {
  if (now.getTime() - Date.parse(loaded.session.last_active_at) < touchAfterMs) return
  await pool.query('update user_sessions set last_active_at = $2 where id = $1 and last_active_at < $2', [
    loaded.session.id,
    now,
  ])
}

/** An API key that is neither revoked nor of a deleted organization, as the function load_api_key answers it. */
export interface LoadedKey {
  readonly id: string
  readonly organization_id: string
  readonly suspended: boolean
  readonly writes_until: string | null
  readonly role: OrganizationRole
  readonly scopes: readonly ('read' | 'write')[]
  readonly last_used_at: string | null
  readonly expires_at: string | null
}

/** Reads a key by its prefix and the hash of all of it. No cache either: a revoked key is refused at once. */
export async function loadApiKey(pool: Pool, prefix: string, hash: Buffer): Promise<LoadedKey | null> {
  const { rows } = await pool.query<{ answer: LoadedKey | null }>({
    name: 'load_api_key',
    text: 'select load_api_key($1, $2) as answer',
    values: [prefix, hash],
  })
  return rows[0]?.answer ?? null
}

/** Notes that the key is in use; at most one write a minute. */
export async function touchApiKey(pool: Pool, key: LoadedKey, now: Date): Promise<void> {
  if (key.last_used_at !== null && now.getTime() - Date.parse(key.last_used_at) < touchAfterMs) return
  await pool.query('select touch_api_key($1, $2)', [key.id, now])
}
