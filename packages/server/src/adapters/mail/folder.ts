import { mkdir, mkdtemp, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTransport } from 'nodemailer'
import type { Logger } from 'pino'
import { type Mailer, messageOf } from './mail.ts'

// Only the server's own user may read them: mails carry links that open accounts.
const PRIVATE_FOLDER = 0o700
const PRIVATE_FILE = 0o600

/**
 * Mail for who has no SMTP server: each becomes an .eml file, and the log says where.
 * @param folder made when it is missing; undefined takes a new temporary one.
 */
export function createFolderMailer(from: string, folder: string | undefined, log: Logger): Mailer {
  const transport = createTransport({ streamTransport: true, buffer: true, newline: 'windows' })
  let opened: Promise<string> | undefined
  const open = async (): Promise<string> => {
    if (folder === undefined) return mkdtemp(join(tmpdir(), 'wardline-mail-'))
    await mkdir(folder, { recursive: true, mode: PRIVATE_FOLDER })
    return folder
  }
  return {
    async send(mail) {
      opened ??= open()
      const file = join(
        await opened.catch((error: unknown) => {
          opened = undefined
          throw error
        }),
        `${mail.id}.eml`,
      )
      const { message } = await transport.sendMail(messageOf(mail, from))
      await writeFile(file, message, { mode: PRIVATE_FILE })
      // A warning, so that the demo shows it too.
      log.warn({ file }, 'a mail went into a file, because SMTP_URL is not set')
    },
    close() {},
  }
}
