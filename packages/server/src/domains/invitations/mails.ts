import type { Mail } from '../../adapters/mail/mail.ts'
import { linkTo, paragraphs } from '../../jobs/mail.ts'

/** A line break in a name must not make a header of it. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').trim()

export const invitationMail = (
  publicUrl: string,
  token: string,
  organization: string,
  days: number,
): Pick<Mail, 'subject' | 'text'> => ({
  subject: `You are invited to ${oneLine(organization)}`,
  text: paragraphs(
    `${oneLine(organization)} invites you to work with them on Wardline.`,
    `Open this link within ${days} days, and sign in or register:`,
    linkTo(publicUrl, 'invitation', token),
    'If you do not know them, do nothing, or decline there.',
  ),
})
