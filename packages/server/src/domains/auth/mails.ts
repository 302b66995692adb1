import type { Mail } from '../../adapters/mail/mail.ts'
import { linkTo, paragraphs } from '../../jobs/mail.ts'

type Text = Pick<Mail, 'subject' | 'text'>

export const passwordResetMail = (publicUrl: string, token: string): Text => ({
  subject: 'Choose a new password',
  text: paragraphs(
    'Somebody, hopefully you, wants to reset the password of your account.',
    'Choose a new one here within an hour. The link works once:',
    linkTo(publicUrl, 'reset-password', token),
    'If it was not you, do nothing: your password stays as it is.',
  ),
})

/** @param timeZone the person's own. */
export const accountLockedMail = (until: Date, timeZone: string): Text => ({
  subject: 'Your account was locked',
  text: paragraphs(
    'Too many failed sign-ins locked your account.',
    `It opens again by itself on ${until.toLocaleString('en-US', { dateStyle: 'long', timeStyle: 'long', timeZone })}.`,
    'If that was not you, reset your password: that opens the account at once and signs every device out.',
  ),
})
