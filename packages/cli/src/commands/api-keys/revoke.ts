import { command } from '../../command.ts'

export const revoke = command<{ api_key_id: string; org: string | undefined }>({
  name: 'revoke <api-key-id>',
  summary: 'Revoke an API key; its next request is refused',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward api-keys revoke 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'ids: ward api-keys list']],
  parse: (typed) => ({ api_key_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { api_key_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.apiKeys.revoke({ org_id, api_key_id }, { signal: context.io.signal })
    context.status('It is revoked.')
  },
})
