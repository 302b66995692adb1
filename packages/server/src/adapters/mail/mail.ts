import type { Logger } from 'pino'
import type { Config } from '../../config.ts'
import { createFolderMailer } from './folder.ts'
import { createSmtpMailer } from './smtp.ts'

/** One mail to one person, as plain text. Its text never holds health information. */
export interface Mail {
  /** Names the mail for good: sent again after a crash, it is recognizably the same. */
  readonly id: string
  readonly to: string
  readonly subject: string
  readonly text: string
}

/** Delivers mail. */
export interface Mailer {
  /** Rejects when the mail could not be handed over; it may then be sent again. */
  send(mail: Mail): Promise<void>
  /** Rejects when the mail server does not answer or lets us in; absent where there is none. */
  readonly ping?: () => Promise<void>
  close(): void
}

/** By SMTP where that is configured, else into a folder. Connects to nothing yet. */
export const createMailer = ({ mail }: Pick<Config, 'mail'>, log: Logger): Mailer =>
  mail.smtpUrl === undefined
    ? createFolderMailer(mail.from, mail.folder, log)
    : createSmtpMailer(mail.from, mail.smtpUrl)

/** What nodemailer takes. The address is no text to be parsed: a comma in it must not make two of it. */
export const messageOf = ({ id, to, subject, text }: Mail, from: string) => ({
  from,
  to: { name: '', address: to },
  subject,
  text,
  messageId: `<${id}@wardline>`,
  // RFC 3834: no vacation notes in return.
  headers: { 'Auto-Submitted': 'auto-generated' },
  disableFileAccess: true,
  disableUrlAccess: true,
})
