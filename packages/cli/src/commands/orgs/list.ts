import { command } from '../../command.ts'

export const list = command<{ limit: number }>({
  name: 'list',
  summary: 'The organizations that you belong to',
  options: [{ flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] }],
  examples: [['ward orgs list', 'with your role in each']],
  parse: (typed) => ({ limit: typed.number('limit') ?? 50 }),
  async run(context, { limit }) {
    const client = await context.client()
    const items = await context.collect(
      client.organizations.list({ limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'name', value: (one) => one.name, shrink: true },
        { key: 'role', value: (one) => one.role },
        { key: 'timezone', value: (one) => one.timezone },
        { key: 'subscription', value: (one) => one.subscription_status },
      ],
      'You belong to no organization.',
    )
  },
})
