import type { components } from '@wardline/sdk'
import { command } from '../../command.ts'
import { localTime } from '../../output.ts'

interface Options {
  org: string | undefined
  limit: number
}

type ApiKey = components['schemas']['ApiKey']

function statusOf({ revoked_at, expires_at, stopped }: ApiKey): string {
  if (revoked_at !== null) return 'REVOKED'
  if (expires_at !== null && Date.parse(expires_at) <= Date.now()) return 'EXPIRED'
  return stopped ? 'STOPPED' : 'ACTIVE'
}

const when = (instant: string | null): string | null => (instant === null ? null : localTime(instant))

export const list = command<Options>({
  name: 'list',
  summary: 'An organization’s API keys, revoked ones too; never their secrets',
  details: 'STOPPED: refused while who made it is suspended or no ADMIN of the organization.',
  options: [
    { flags: '--org <id>', text: 'the organization, when you belong to several' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
  ],
  examples: [['ward api-keys list', 'the newest first']],
  parse: (typed) => ({ org: typed.text('org'), limit: typed.number('limit') ?? 50 }),
  async run(context, { org, limit }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const items = await context.collect(
      client.apiKeys.list({ org_id, limit: Math.min(limit, 100) }, { signal: context.io.signal }),
      limit,
    )
    context.list(
      items,
      [
        { key: 'id', value: (one) => one.id },
        { key: 'name', value: (one) => one.name, shrink: true },
        { key: 'prefix', value: (one) => one.prefix },
        { key: 'role', value: (one) => one.role },
        { key: 'scopes', value: (one) => one.scopes.join(' ') },
        { key: 'status', value: statusOf },
        { key: 'made_by', value: (one) => one.created_by.display_name, shrink: true },
        { key: 'last_used', value: (one) => when(one.last_used_at) },
        { key: 'expires', value: (one) => when(one.expires_at) },
      ],
      'No API keys.',
    )
  },
})
