import type { AddressInfo } from 'node:net'
import { SMTPServer } from 'smtp-server'

export interface ReceivedMail {
  readonly from: string
  readonly to: readonly string[]
  /** As it came over the wire, soft line breaks undone. */
  readonly raw: string
}

export interface MailServer {
  /** What a server under test needs to send here. */
  readonly env: Record<string, string>
  readonly mails: readonly ReceivedMail[]
  /** Refuses the next so many mails for a while (451). */
  refuse(times: number): void
  close(): Promise<void>
}

/** A real SMTP server on loopback. */
export async function startMailServer(): Promise<MailServer> {
  const mails: ReceivedMail[] = []
  let refusals = 0
  const server = new SMTPServer({
    authOptional: true,
    disabledCommands: ['STARTTLS', 'AUTH'],
    onData(stream, { envelope }, done) {
      const chunks: Buffer[] = []
      stream.on('data', (chunk: Buffer) => chunks.push(chunk))
      stream.on('end', () => {
        if (refusals > 0) {
          refusals -= 1
          done(Object.assign(new Error('try again later'), { responseCode: 451 }))
          return
        }
        const raw = Buffer.concat(chunks).toString('utf8').replaceAll('=\r\n', '').replaceAll('=3D', '=')
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address
        mails.push({ from, to: envelope.rcptTo.map(({ address }) => address), raw })
        done()
      })
    },
  })
  server.on('error', () => {})
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  // A listening TCP server has a numbered port.
  const { port } = server.server.address() as AddressInfo
  return {
    env: { SMTP_URL: `smtp://127.0.0.1:${port}`, MAIL_FROM: 'Wardline <mail@wardline.test>' },
    mails,
    refuse(times) {
      refusals = times
    },
    close: () => new Promise((resolve) => server.close(resolve)),
  }
}

/** The token of the link in a mail. */
export function tokenIn({ raw }: ReceivedMail): string {
  const token = /#token=([\w-]+)/.exec(raw)?.[1]
  if (token === undefined) throw new Error('the mail has no link with a token')
  return token
}
