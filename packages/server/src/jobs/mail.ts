import type { Mail } from '../adapters/mail/mail.ts'
import type { Services } from '../services.ts'

/** A mail that waits in the queue. Whom it is for and what it says are nobody's to read there. */
export interface SealedMail {
  readonly id: string
  readonly sealed: string
}

/** What a queued mail's ciphertext belongs to. */
export const mailContext = (id: string): string => `jobs.mail:${id}`

/**
 * The payload of the job `mail`, for `enqueue('mail', sealMail(services, { to, subject, text }))`. The mail goes
 * out when what the handler did is committed, and only then.
 */
export function sealMail(
  { cipher, newId }: Pick<Services, 'cipher' | 'newId'>,
  { to, subject, text }: Omit<Mail, 'id'>,
): SealedMail {
  const id = newId()
  return { id, sealed: cipher.encrypt(JSON.stringify({ to, subject, text }), mailContext(id)) }
}

/** @throws when the payload was changed, or its key is not in the ring. */
export function openMail({ cipher }: Pick<Services, 'cipher'>, { id, sealed }: SealedMail): Mail {
  // The cipher vouches that sealMail wrote it.
  const mail = JSON.parse(cipher.decrypt(sealed, mailContext(id))) as Omit<Mail, 'id'>
  return { id, ...mail }
}

/** The text of a mail. */
export const paragraphs = (...lines: readonly string[]): string => `${lines.join('\n\n')}\n`

/** A link to a page that takes a token. It is in the fragment, which browsers send to no server and servers do not log. */
export const linkTo = (publicUrl: string, page: string, token: string): string =>
  `${publicUrl}/${page}#token=${token}`
