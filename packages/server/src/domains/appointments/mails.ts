import type { Mail } from '../../adapters/mail/mail.ts'
import { paragraphs } from '../../jobs/mail.ts'

/** Says neither whose visit it is, nor when, where or why: mail is read by others too. */
export const reminderMail = (publicUrl: string, appointmentId: string): Pick<Mail, 'subject' | 'text'> => ({
  subject: 'Appointment reminder',
  text: paragraphs(
    'You have an appointment coming up.',
    'Sign in to see when and where:',
    `${publicUrl}/appointments/${appointmentId}`,
  ),
})
