import type { Db } from '../../db/scope.ts'
import type { Enqueue } from '../../http/handler.ts'
import { hashOpaqueToken, newOpaqueToken } from '../../security/tokens.ts'
import type { Services } from '../../services.ts'
import * as queries from './queries.ts'

const LINK_SECONDS = 3600
// Somebody else may ask for it too: a mailbox must not be flooded.
const OPEN_LINKS = 3

/** A reset that was asked for. Sealed: the address and the token are nobody's to read in the queue. */
export interface SealedReset {
  readonly id: string
  readonly sealed: string
  readonly expires_at: string
}

interface Reset {
  readonly email: string
  readonly token: string
  readonly publicUrl: string
}

/** What a queued reset's ciphertext belongs to. */
export const resetContext = (id: string): string => `jobs.password-reset:${id}`

/**
 * Has a reset link mailed, if the address has an account. Whether it has one is found out by the job:
 * the request does the same work, and takes the same time, for every address.
 */
export function askForReset(
  { cipher, newId, publicUrl }: Pick<Services, 'cipher' | 'newId' | 'publicUrl'>,
  enqueue: Enqueue,
  email: string,
  now: Date,
): void {
  const id = newId()
  const reset: Reset = { email, token: newOpaqueToken(), publicUrl: publicUrl() }
  enqueue('password-reset', {
    id,
    sealed: cipher.encrypt(JSON.stringify(reset), resetContext(id)),
    expires_at: new Date(now.getTime() + LINK_SECONDS * 1000).toISOString(),
  })
}

/** @throws when the payload was changed, or its key is not in the ring. */
export const openReset = ({ cipher }: Pick<Services, 'cipher'>, { id, sealed }: SealedReset): Reset =>
  // The cipher vouches that askForReset wrote it.
  JSON.parse(cipher.decrypt(sealed, resetContext(id))) as Reset

/**
 * Makes the token good, once however often the job runs.
 * @returns the account's own spelling of the address; undefined when there is nothing to mail.
 */
export async function admitReset(
  db: Db,
  request: { readonly id: string; readonly email: string; readonly token: string; readonly expiresAt: Date },
  now: Date,
): Promise<string | undefined> {
  const { id, email, token, expiresAt } = request
  const credential = await queries.findCredential(db, email)
  const account = credential && (await queries.lockAccount(db, credential.id))
  if (account === undefined || expiresAt <= now) return undefined
  await queries.deleteExpiredResets(db, account.id, now)
  const open = await queries.listOpenResets(db, account.id)
  if (open.filter((other) => other.id !== id).length >= OPEN_LINKS) return undefined
  const reset = { id, user_id: account.id, token_hash: hashOpaqueToken(token), expires_at: expiresAt }
  const isOpen = await queries.insertReset(db, { ...reset, created_at: now })
  return isOpen ? account.email : undefined
}
