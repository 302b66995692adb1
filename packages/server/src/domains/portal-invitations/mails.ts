import type { Mail } from '../../adapters/mail/mail.ts'
import { linkTo, paragraphs } from '../../jobs/mail.ts'

type Text = Pick<Mail, 'subject' | 'text'>

const page = 'portal-invitation'

/** Names no organization: some say by their name what they treat. */
export const patientMail = (publicUrl: string, token: string, days: number): Text => ({
  subject: 'Your patient portal',
  text: paragraphs(
    'Your care organization invites you to its patient portal on Wardline.',
    `Open this link within ${days} days, sign in or register, and give your date of birth:`,
    linkTo(publicUrl, page, token),
    'If you did not expect this, do nothing; nobody sees anything without the date of birth.',
  ),
})

/** Names neither organization nor patient. */
export const proxyMail = (publicUrl: string, token: string, days: number): Text => ({
  subject: 'You can act for a patient',
  text: paragraphs(
    'A care organization gives you access to the portal of somebody you care for, on Wardline.',
    `Open this link within ${days} days, sign in or register, and give that person's date of birth:`,
    linkTo(publicUrl, page, token),
    'If you did not expect this, do nothing; nobody sees anything without the date of birth.',
  ),
})
