import type { components } from '@wardline/sdk'
import type { Group, OptionSpec, Typed } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { type Column, clean, localTime } from '../../output.ts'
import { aboutPatient } from './shared.ts'

const RELATIONSHIPS = ['PARENT', 'GUARDIAN', 'POA', 'SPOUSE'] as const
const YES_NO = ['yes', 'no'] as const

type Proxy = components['schemas']['ProxyAssignment']

const mayOf = (one: Proxy): string =>
  [
    ...(one.can_view_clinical_notes ? ['notes'] : []),
    ...(one.can_view_billing ? ['billing'] : []),
    ...(one.can_schedule_appointments ? ['scheduling'] : []),
  ].join(' ')

const columns: readonly Column<Proxy>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.proxy.display_name, shrink: true },
  { key: 'email', value: (one) => one.proxy.email },
  { key: 'relationship', value: (one) => one.relationship_type },
  {
    key: 'status',
    value: (one) => one.status,
    paint: (text, one, style) => (one.status === 'ACTIVE' ? text : style.yellow(text)),
  },
  { key: 'may', value: mayOf },
  { key: 'until', value: (one) => (one.expires_at === null ? null : localTime(one.expires_at)) },
]

const PERMISSIONS: readonly OptionSpec[] = [
  { flags: '--notes <yes|no>', text: 'may read clinical notes, documents, messages', choices: YES_NO },
  { flags: '--billing <yes|no>', text: 'may see and pay bills', choices: YES_NO },
  { flags: '--scheduling <yes|no>', text: 'may book, move and cancel appointments', choices: YES_NO },
]

const answer = (typed: Typed, name: string): boolean | undefined => {
  const said = typed.choice(name, YES_NO)
  return said === undefined ? undefined : said === 'yes'
}

const permissions = (typed: Typed) => ({
  can_view_clinical_notes: answer(typed, 'notes'),
  can_view_billing: answer(typed, 'billing'),
  can_schedule_appointments: answer(typed, 'scheduling'),
})

/** An end as typed: a day, an instant, or `never`. */
const end = (text: string | undefined): string | null | undefined => {
  if (text === undefined) return undefined
  if (text === 'never') return null
  if (Number.isNaN(Date.parse(text)))
    throw new UsageError(`--until must be a date like 2027-06-30, an instant, or never; not "${text}"`)
  return new Date(text).toISOString()
}

const UNTIL: OptionSpec = { flags: '--until <date>', text: 'ends by itself then; never when left out' }

const list = aboutPatient({
  name: 'list <patient>',
  summary: 'Who acts for a patient, and who was invited to',
  examples: [['ward patients proxies list MRN-000123', 'the newest first']],
  parse: () => undefined,
  async run(context, client, at) {
    const { signal } = context.io
    const items = await context.collect(client.proxies.list({ ...at, limit: 100 }, { signal }), 1000)
    context.list(items, columns, 'Nobody.')
  },
})

const assign = aboutPatient({
  name: 'assign <patient> <email>',
  summary: 'Let somebody act for a patient',
  details:
    'Whoever has an account has access at once; anybody else is mailed a link and gives the patient’s date of birth. Billing and scheduling are open, clinical notes closed, unless you say otherwise.',
  options: [
    { flags: '--as <relationship>', text: 'what they are to the patient', choices: RELATIONSHIPS },
    ...PERMISSIONS,
    UNTIL,
  ],
  examples: [
    ['ward patients proxies assign MRN-000123 emeka@example.com --as PARENT --notes yes', 'a parent'],
    ['ward patients proxies assign MRN-000123 lea@example.com --as POA --until 2027-06-30', 'for a while'],
  ],
  parse: (typed) => {
    const relationship_type = typed.choice('as', RELATIONSHIPS)
    if (relationship_type === undefined)
      throw new UsageError(`--as is required: one of ${RELATIONSHIPS.join(', ')}`)
    return {
      email: typed.arg(1),
      relationship_type,
      ...permissions(typed),
      expires_at: end(typed.text('until')),
    }
  },
  async run(context, client, at, body) {
    const made = await client.proxies.assign({ ...at, ...body }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(
      made.status === 'INVITED'
        ? `${clean(made.proxy.email)} has no account: a link is on its way.`
        : `${clean(made.proxy.email)} has access now: ${mayOf(made) || 'demographics'}.`,
    )
  },
})

const update = aboutPatient({
  name: 'update <patient> <proxy-id>',
  summary: 'Change what a proxy may, and until when (ADMINs)',
  options: [
    { flags: '--as <relationship>', text: 'what they are to the patient', choices: RELATIONSHIPS },
    ...PERMISSIONS,
    { flags: '--until <date>', text: 'ends by itself then; never takes the end away' },
  ],
  examples: [
    [
      'ward patients proxies update MRN-000123 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d72 --notes no',
      'on the next request',
    ],
  ],
  parse: (typed) => {
    const changes = {
      relationship_type: typed.choice('as', RELATIONSHIPS),
      ...permissions(typed),
      expires_at: end(typed.text('until')),
    }
    if (Object.values(changes).every((one) => one === undefined))
      throw new UsageError('Say what to change, for example --notes no')
    return { assignment_id: typed.arg(1), ...changes }
  },
  async run(context, client, at, body) {
    context.record(await client.proxies.update({ ...at, ...body }, { signal: context.io.signal }), columns)
  },
})

const revoke = aboutPatient({
  name: 'revoke <patient> <proxy-id>',
  summary: 'End somebody’s access, or the invitation to it, at once (ADMINs)',
  examples: [
    ['ward patients proxies revoke MRN-000123 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d72', 'ids: proxies list'],
  ],
  parse: (typed) => ({ assignment_id: typed.arg(1) }),
  async run(context, client, at, { assignment_id }) {
    await client.proxies.revoke({ ...at, assignment_id }, { signal: context.io.signal })
    context.status('The access has ended.')
  },
})

export const proxies: Group = {
  name: 'proxies',
  summary: 'Who acts for a patient',
  commands: [list, assign, update, revoke],
}
