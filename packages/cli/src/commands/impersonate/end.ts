import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'

export const end = command<{ id: string | undefined; org: string | undefined }>({
  name: 'end [impersonation-id]',
  summary: 'End an impersonation; its token dies at once',
  details: 'Without an id, the one that you started last with this profile.',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [
    ['ward impersonate end', 'your own'],
    ['ward impersonate end 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d33', 'anybody’s of the organization'],
  ],
  parse: (typed) => ({ id: typed.optionalArg(0), org: typed.text('org') }),
  async run(context, { id, org }) {
    const stored = context.profile?.impersonation
    const impersonation_id = id ?? stored?.id
    if (impersonation_id === undefined)
      throw new UsageError('No impersonation is kept here; say which by its id (ward impersonate list)')
    const client = await context.client()
    const organization_id = org ?? (impersonation_id === stored?.id ? stored.organization_id : undefined)
    await client.admin.endImpersonation({ impersonation_id, organization_id }, { signal: context.io.signal })
    if (impersonation_id === stored?.id) {
      await context.credentials.update(context.profileName, (profile) => {
        if (profile === undefined) return undefined
        const { impersonation: _, ...rest } = profile
        return rest
      })
    }
    context.status('It is over.')
  },
})
