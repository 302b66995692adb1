import { command } from '../../command.ts'
import { clean, localTime } from '../../output.ts'

const ORG = { flags: '--org <id>', text: 'the organization, when you belong to several' }

export const show = command<{ thread_id: string; org: string | undefined }>({
  name: 'show <thread-id>',
  summary: 'One thread; it is read then',
  options: [ORG],
  examples: [['ward messages show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33', 'oldest message first']],
  parse: (typed) => ({ thread_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { thread_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const thread = await client.messages.get({ org_id, thread_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(thread, [])
    const { style } = context
    const names = new Map(thread.participants.map((one) => [one.user_id, clean(one.display_name)]))
    context.print(`${style.bold(clean(thread.subject))}\n${style.dim([...names.values()].join(', '))}\n`)
    for (const message of thread.messages) {
      const readers = message.read_by.map((id) => names.get(id) ?? '').filter(Boolean)
      const seen = readers.length === 0 ? '' : style.dim(` · read by ${readers.join(', ')}`)
      context.print(
        `\n${style.bold(clean(message.sender_name))} ${localTime(message.created_at)}${seen}\n${clean(message.body)}\n`,
      )
    }
  },
})

export const archive = command<{ thread_id: string; org: string | undefined; undo: boolean }>({
  name: 'archive <thread-id>',
  summary: 'Put a thread out of your way',
  details: 'It comes back with the next message of somebody else.',
  options: [ORG, { flags: '--undo', text: 'take it back' }],
  examples: [['ward messages archive 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33', 'for you alone']],
  parse: (typed) => ({ thread_id: typed.arg(0), org: typed.text('org'), undo: typed.flag('undo') }),
  async run(context, { thread_id, org, undo }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const thread = await client.messages.update(
      { org_id, thread_id, is_archived: !undo },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(thread, [])
    context.status(undo ? 'It is back.' : 'Archived.')
  },
})
