import { clean, localTime } from '../../output.ts'
import { aboutPatient } from './shared.ts'

export const invite = aboutPatient({
  name: 'invite <patient>',
  summary: 'Invite a patient to the portal',
  details:
    'Mails a link that is good for 7 days; whoever opens it gives the date of birth. Without --email it goes to the e-mail contact that is safe.',
  options: [{ flags: '--email <address>', text: 'where to send it' }],
  examples: [['ward patients invite MRN-000123 --email ngozi@example.com', 'an earlier link is void']],
  parse: (typed) => ({ email: typed.text('email') }),
  async run(context, client, at, { email }) {
    const made = await client.patients.inviteToPortal({ ...at, email }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(`Invited ${clean(made.email)}; the link is good until ${localTime(made.expires_at)}.`)
  },
})
