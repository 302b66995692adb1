import { createTransport } from 'nodemailer'
import { type Mailer, messageOf } from './mail.ts'

const patienceMs = 20_000

/** Mail by an SMTP server. @param url smtp:// (STARTTLS where offered) or smtps://, with the login if it needs one. */
export function createSmtpMailer(from: string, url: string): Mailer {
  const transport = createTransport({
    url,
    pool: true,
    maxConnections: 2,
    connectionTimeout: patienceMs,
    greetingTimeout: patienceMs,
    socketTimeout: patienceMs,
  })
  return {
    async send(mail) {
      try {
        await transport.sendMail(messageOf(mail, from))
      } catch (error) {
        // Its own words may repeat the address, and jobs and logs keep what is thrown.
        const { code = 'unknown', responseCode = '' } = Object(error)
        throw new Error(`The SMTP server did not take a mail (${`${code} ${responseCode}`.trim()}).`)
      }
    },
    async ping() {
      await transport.verify()
    },
    close: () => transport.close(),
  }
}
