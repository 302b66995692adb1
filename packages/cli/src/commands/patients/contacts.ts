import type { components } from '@wardline/sdk'
import type { Group } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import type { Column } from '../../output.ts'
import { aboutPatient } from './shared.ts'

const TYPES = ['MOBILE', 'HOME', 'WORK', 'EMAIL'] as const
const YES_NO = ['yes', 'no'] as const

const columns: readonly Column<components['schemas']['ContactMethod']>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'type', value: (one) => one.type },
  { key: 'value', value: (one) => one.value },
  { key: 'primary', value: (one) => (one.is_primary ? 'yes' : 'no') },
  {
    key: 'safe',
    value: (one) => (one.is_safe_for_voicemail ? 'yes' : 'no'),
    paint: (text, one, style) => (one.is_safe_for_voicemail ? text : style.yellow(text)),
  },
]

const list = aboutPatient({
  name: 'list <patient>',
  summary: 'How to reach a patient',
  details: 'Nothing automated goes to a contact that is not safe.',
  examples: [['ward patients contacts list MRN-000123', 'the primaries first']],
  parse: () => undefined,
  async run(context, client, at) {
    const { signal } = context.io
    const items = await context.collect(client.contactMethods.list({ ...at, limit: 100 }, { signal }), 1000)
    context.list(items, columns, 'No contact.')
  },
})

const add = aboutPatient({
  name: 'add <patient> <type> <value>',
  summary: 'Add a contact method',
  details: `Types: ${TYPES.join(', ')}. A number as people here write it, or with + and the country's code.`,
  options: [
    { flags: '--primary', text: 'the first choice of its type; the old one is none any more' },
    { flags: '--safe', text: 'automated messages and voicemail may go there' },
  ],
  examples: [['ward patients contacts add MRN-000123 MOBILE "(212) 555-0123" --primary', 'not yet safe']],
  parse: (typed) => {
    const type = TYPES.find((one) => one === typed.arg(1).toUpperCase())
    if (type === undefined)
      throw new UsageError(`"${typed.arg(1)}" is no type of contact: ${TYPES.join(', ')}`)
    return {
      type,
      value: typed.arg(2),
      is_primary: typed.flag('primary'),
      is_safe_for_voicemail: typed.flag('safe'),
    }
  },
  async run(context, client, at, body) {
    const made = await client.contactMethods.create({ ...at, ...body }, { signal: context.io.signal })
    context.record(made, columns)
  },
})

const update = aboutPatient({
  name: 'update <patient> <contact-id>',
  summary: 'Change a contact method',
  options: [
    { flags: '--value <value>', text: 'another number or address' },
    { flags: '--primary', text: 'the first choice of its type' },
    { flags: '--safe <yes|no>', text: 'whether anything automated may go there', choices: YES_NO },
  ],
  examples: [
    [
      'ward patients contacts update MRN-000123 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13 --safe yes',
      'the patient said so',
    ],
  ],
  parse: (typed) => {
    const safe = typed.choice('safe', YES_NO)
    const changes = {
      value: typed.text('value'),
      is_primary: typed.flag('primary') || undefined,
      is_safe_for_voicemail: safe === undefined ? undefined : safe === 'yes',
    }
    if (Object.values(changes).every((one) => one === undefined))
      throw new UsageError('Say what to change: --value, --primary or --safe')
    return { contact_id: typed.arg(1), ...changes }
  },
  async run(context, client, at, body) {
    const changed = await client.contactMethods.update({ ...at, ...body }, { signal: context.io.signal })
    context.record(changed, columns)
  },
})

const remove = aboutPatient({
  name: 'delete <patient> <contact-id>',
  summary: 'Delete a contact method; never the last one',
  examples: [
    ['ward patients contacts delete MRN-000123 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d13', 'ids: contacts list'],
  ],
  parse: (typed) => ({ contact_id: typed.arg(1) }),
  async run(context, client, at, { contact_id }) {
    await client.contactMethods.delete({ ...at, contact_id }, { signal: context.io.signal })
    context.status('It is deleted.')
  },
})

export const contacts: Group = {
  name: 'contacts',
  summary: 'How to reach a patient',
  commands: [list, add, update, remove],
}
