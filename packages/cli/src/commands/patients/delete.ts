import { clean } from '../../output.ts'
import { askText } from '../../prompts.ts'
import { aboutPatient } from './shared.ts'

export const remove = aboutPatient({
  name: 'delete <patient>',
  summary: 'Delete a patient from the organization',
  details:
    'For ADMINs. What other organizations know of the patient stays theirs. Not while appointments are booked. Asks for the last name, or takes --yes.',
  options: [{ flags: '--yes', text: 'do not ask' }],
  examples: [['ward patients delete MRN-000123', 'a record that was made by mistake']],
  parse: (typed) => ({ yes: typed.flag('yes') }),
  async run(context, client, at, { yes }) {
    const { signal } = context.io
    if (!yes) {
      const { last_name } = await client.patients.get(at, { signal })
      await askText(context, {
        message: `Type the patient’s last name (${clean(last_name)}) to delete:`,
        flag: '--yes',
        check: (answer) =>
          answer.toLowerCase() === last_name.toLowerCase()
            ? undefined
            : 'That does not match. Ctrl-C gives up.',
      })
    }
    await client.patients.delete(at, { signal })
    context.status('The patient is deleted.')
  },
})
