import { readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { createMailer } from '../../packages/server/src/adapters/mail/mail.ts'
import { openMail, sealMail } from '../../packages/server/src/jobs/mail.ts'
import { createLog } from '../../packages/server/src/log.ts'
import { createCipher } from '../../packages/server/src/security/cipher.ts'
import { generateKeyRing } from '../../packages/server/src/security/keys.ts'
import { temporaryFolder } from '../embedded/process.ts'
import { type MailServer, startMailServer } from '../support/mail.ts'

let smtp: MailServer
beforeAll(async () => {
  smtp = await startMailServer()
})
afterAll(() => smtp.close())

const mail = {
  id: '01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10',
  to: 'ada@patient.test',
  subject: 'Grüße',
  text: 'Open it:\n\nhttps://clinic.example/x#token=abc\n',
}
const from = 'Wardline <mail@wardline.test>'

function mailer(settings: { smtpUrl?: string; folder?: string }) {
  const lines: string[] = []
  const log = createLog('info', { write: (line: string) => void lines.push(line) })
  const made = createMailer({ mail: { from, smtpUrl: settings.smtpUrl, folder: settings.folder } }, log)
  onTestFinished(() => made.close())
  return { ...made, lines }
}

describe('by SMTP', () => {
  test('a mail arrives whole, under its own id, and asks for no automatic reply', async () => {
    await mailer({ smtpUrl: smtp.env.SMTP_URL ?? '' }).send(mail)
    const received = smtp.mails.at(-1)
    expect(received).toMatchObject({ from: 'mail@wardline.test', to: ['ada@patient.test'] })
    expect(received?.raw).toContain(`Message-ID: <${mail.id}@wardline>`)
    expect(received?.raw).toContain('Auto-Submitted: auto-generated')
    expect(received?.raw).toContain('https://clinic.example/x#token=abc')
  })

  test('an address is one address, whatever is in it, and a subject adds no header', async () => {
    const { send } = mailer({ smtpUrl: smtp.env.SMTP_URL ?? '' })
    await send({ ...mail, to: 'ada@patient.test', subject: 'Hello\r\nBcc: eve@patient.test' })
    expect(smtp.mails.at(-1)?.to).toEqual(['ada@patient.test'])
    expect(smtp.mails.at(-1)?.raw).not.toMatch(/^Bcc:/im)
    const before = smtp.mails.length
    await send({ ...mail, to: 'ada@patient.test,eve@patient.test' }).catch(() => {})
    expect(smtp.mails.slice(before).flatMap(({ to }) => to)).not.toContain('eve@patient.test')
  })

  test('a refusal rejects without repeating the address', async () => {
    smtp.refuse(1)
    const refused = mailer({ smtpUrl: smtp.env.SMTP_URL ?? '' }).send(mail)
    await expect(refused).rejects.toThrow(/^The SMTP server did not take a mail \(EMESSAGE 451\)\.$/)
    await expect(mailer({ smtpUrl: 'smtp://127.0.0.1:1' }).send(mail)).rejects.toThrow(
      /^The SMTP server did not take a mail \(\w+\)\.$/,
    )
  })
})

describe('without SMTP', () => {
  test('a mail becomes an .eml file that only its owner reads; the log has its path, not its text', async () => {
    const folder = join(await temporaryFolder(), 'made', 'here')
    const { send, lines } = mailer({ folder })
    await send(mail)
    await send(mail)
    expect(await readdir(folder)).toEqual([`${mail.id}.eml`])
    const file = join(folder, `${mail.id}.eml`)
    const text = await readFile(file, 'utf8')
    expect(text).toContain('To: ada@patient.test')
    expect(text).toContain('https://clinic.example/x#token')
    if (process.platform !== 'win32') {
      expect((await stat(file)).mode & 0o777).toBe(0o600)
      expect((await stat(folder)).mode & 0o777).toBe(0o700)
    }
    expect(lines).toHaveLength(2)
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ file })
    expect(lines.join('')).not.toMatch(/ada@|token/)
  })

  test('a folder that cannot be made rejects, and is tried again', async () => {
    const folder = join(await temporaryFolder(), 'file')
    await writeFile(folder, '')
    const { send } = mailer({ folder })
    await expect(send(mail)).rejects.toThrow()
    await rm(folder)
    await send(mail)
    expect(await readdir(folder)).toHaveLength(1)
  })
})

test('a mail waits in the queue sealed: neither address nor text can be read, and it opens only as itself', () => {
  const services = { cipher: createCipher(generateKeyRing()), newId: () => mail.id }
  const sealed = sealMail(services, mail)
  expect(JSON.stringify(sealed)).not.toMatch(/ada|token/)
  expect(openMail(services, sealed)).toEqual(mail)
  expect(() => openMail(services, { ...sealed, id: 'another' })).toThrow()
})
