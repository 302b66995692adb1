import { type ClientBase, escapeIdentifier, escapeLiteral } from 'pg'
import { resetContext } from '../domains/auth/password-reset.ts'
import { secretContext } from '../domains/webhook-endpoints/secrets.ts'
import { mailContext } from '../jobs/mail.ts'
import type { Cipher } from './cipher.ts'
import { totpSecretContext } from './totp.ts'

/** A place of the database that holds what the server encrypted. */
interface Place {
  /** For people. */
  readonly name: string
  readonly table: string
  /** The row's key, and what the cipher's context is made of, as SQL. */
  readonly key: string
  readonly id: string
  /** The ciphertext, to read, and an assignment of another one (`$1`). */
  readonly read: string
  readonly assign: string
  /** Which rows. */
  readonly where: string
  readonly context: (id: string) => string
}

const column = (table: string, key: string, name: string, context: Place['context']): Place => ({
  name: `${table}.${name}`,
  table,
  key,
  id: key,
  read: name,
  assign: `${name} = $1`,
  where: `${name} is not null`,
  context,
})

const job = (name: string, context: Place['context']): Place => ({
  name: `queued ${name}`,
  table: 'jobs.job',
  key: 'id',
  id: `data ->> 'id'`,
  read: `data ->> 'sealed'`,
  assign: `data = jsonb_set(data, '{sealed}', to_jsonb($1::text))`,
  where: `name = ${escapeLiteral(name)} and data ? 'sealed'`,
  context,
})

/** Every place; what is not here cannot be read any more once its key is retired. Links to files live 15 minutes, nowhere. */
const PLACES: readonly Place[] = [
  column('users', 'id', 'mfa_secret', totpSecretContext),
  column('mfa_enrollments', 'user_id', 'secret', totpSecretContext),
  column('webhook_endpoints', 'id', 'secret', secretContext),
  column('webhook_endpoints', 'id', 'old_secret', secretContext),
  job('mail', mailContext),
  job('password-reset', resetContext),
]

const BATCH = 200

/** How many ciphertexts of each place need one of these keys; places without any are left out. */
export async function countCiphertexts(
  client: ClientBase,
  kids: readonly string[],
): Promise<{ readonly place: string; readonly count: number }[]> {
  const counts = []
  for (const { name, table, read, where } of PLACES) {
    const { rows } = await client.query(
      `select count(*)::int as count from ${table} where ${where} and split_part(${read}, '.', 1) = any($1)`,
      [kids],
    )
    counts.push({ place: name, count: Number(rows[0]?.count) })
  }
  return counts.filter(({ count }) => count > 0)
}

/**
 * Puts every ciphertext that is not under the key in use under it, a few at a time, while servers go on: one that changed
 * meanwhile is left to its writer. May be repeated.
 * @param client the owner's.
 * @returns how many were rewritten, and what no key of the ring can read, by place and row.
 */
export async function reencrypt(
  client: ClientBase,
  cipher: Cipher,
  kid: string,
): Promise<{ readonly rewritten: number; readonly unreadable: readonly string[] }> {
  let rewritten = 0
  const unreadable: string[] = []
  for (const { name, table, key, id, read, assign, where, context } of PLACES) {
    for (let after: string | null = null; ; ) {
      const { rows }: { rows: { key: string; id: string; sealed: string }[] } = await client.query(
        `select ${escapeIdentifier(key)}::text as key, ${id} as id, ${read} as sealed from ${table}
         where ${where} and split_part(${read}, '.', 1) <> $1 and ($2::uuid is null or ${key} > $2)
         order by ${key} limit ${BATCH}`,
        [kid, after],
      )
      for (const row of rows)
        try {
          const sealed = cipher.encrypt(cipher.decrypt(row.sealed, context(row.id)), context(row.id))
          const { rowCount } = await client.query(
            `update ${table} set ${assign} where ${key} = $2 and ${where} and ${read} = $3`,
            [sealed, row.key, row.sealed],
          )
          rewritten += rowCount ?? 0
        } catch (error) {
          // The database's own errors are no question of keys.
          if (error instanceof Error && 'severity' in error) throw error
          unreadable.push(`${name} ${row.key}`)
        }
      if (rows.length < BATCH) break
      after = rows.at(-1)?.key ?? null
    }
  }
  return { rewritten, unreadable }
}
