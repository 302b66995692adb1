import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { BODY_OPTIONS, type BodySource, parseBody, readBody } from '../tickets/shared.ts'

const ORG = { flags: '--org <id>', text: 'the organization, when you belong to several' }

interface Send extends BodySource {
  org: string | undefined
  patient: string
  subject: string
  to: readonly string[]
}

export const send = command<Send>({
  name: 'send',
  summary: 'Start a thread about a patient',
  details: 'To the patient, proxies who may read clinical notes, and colleagues who care. Prints the id.',
  options: [
    ORG,
    { flags: '--patient <id>', text: 'whom it is about' },
    { flags: '--to <user-id>', text: 'who is to read it; may be given several times', repeated: true },
    { flags: '--subject <text>', text: 'what it is about' },
    ...BODY_OPTIONS,
  ],
  examples: [
    [
      "ward messages send --patient 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10 --to 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d31 --subject Refill --body 'It is ready.'",
      'they are notified, without a word of it',
    ],
  ],
  parse: (typed) => {
    const [patient, subject, to] = [typed.text('patient'), typed.text('subject'), typed.texts('to')]
    if (patient === undefined || subject === undefined || to.length === 0)
      throw new UsageError('--patient, --subject and --to are required')
    return { org: typed.text('org'), patient, subject, to, ...parseBody(typed) }
  },
  async run(context, options) {
    const org_id = await context.organization(options.org)
    const client = await context.client()
    const body = await readBody(context, options, 'Message:')
    const thread = await client.messages.create(
      {
        org_id,
        patient_id: options.patient,
        subject: options.subject,
        body,
        participant_ids: [...options.to],
      },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(thread, [])
    context.status('Sent.')
    context.print(`${thread.id}\n`)
  },
})

export const reply = command<BodySource & { org: string | undefined; thread_id: string }>({
  name: 'reply <thread-id>',
  summary: 'Reply in a thread',
  options: [ORG, ...BODY_OPTIONS],
  examples: [
    ["ward messages reply 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33 --body 'It is ready.'", 'in one line'],
    ['ward messages reply 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33 --body-file -', 'from stdin'],
  ],
  parse: (typed) => ({ thread_id: typed.arg(0), org: typed.text('org'), ...parseBody(typed) }),
  async run(context, { thread_id, org, ...source }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const body = await readBody(context, source, 'Reply:')
    const message = await client.messages.reply({ org_id, thread_id, body }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(message, [])
    context.status('Sent.')
  },
})
