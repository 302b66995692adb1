import { command } from '../../command.ts'
import { detailColumns, instant, userId } from './shared.ts'

export const show = command<{ user: string }>({
  name: 'show <user>',
  summary: 'One account: lockout, organizations, live sessions',
  details: 'By id or by e-mail address. The look is audited.',
  examples: [
    ['ward users show ada@example.com', 'by address'],
    ['ward users show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d20 --output json', 'all of it'],
  ],
  parse: (typed) => ({ user: typed.arg(0) }),
  async run(context, { user }) {
    const client = await context.client()
    const user_id = await userId(context, client, user)
    const found = await client.superAdmin.user({ user_id }, { signal: context.io.signal })
    context.record(found, detailColumns(context))
    if (context.format !== 'table' || found.sessions.length === 0) return
    context.print('\n')
    context.list(
      found.sessions,
      [
        { key: 'session', value: (one) => one.id },
        { key: 'device', value: (one) => one.device ?? one.user_agent, shrink: true },
        { key: 'ip_address', value: (one) => one.ip_address },
        { key: 'impersonation', value: (one) => (one.is_impersonation ? 'yes' : '') },
        { key: 'last_active_at', value: (one) => instant(context, one.last_active_at) },
      ],
      '',
    )
  },
})
