import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { fields } from './show.ts'

interface Options {
  org: string | undefined
  name: string | undefined
  timezone: string | undefined
}

export const update = command<Options>({
  name: 'update [org-id]',
  summary: 'Change an organization’s name or time zone',
  details: 'For ADMINs. Its settings go through ward api PATCH /api/organizations/<id>.',
  options: [
    { flags: '--name <name>', text: 'the new name' },
    { flags: '--timezone <zone>', text: 'an IANA time zone, such as America/Chicago' },
  ],
  examples: [['ward orgs update --timezone America/Chicago', 'of the only one you belong to']],
  parse: (typed) => {
    const options = { org: typed.optionalArg(0), name: typed.text('name'), timezone: typed.text('timezone') }
    if (options.name === undefined && options.timezone === undefined)
      throw new UsageError('Say what to change: --name or --timezone')
    return options
  },
  async run(context, { org, name, timezone }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const changed = await client.organizations.update(
      { org_id, name, timezone },
      { signal: context.io.signal },
    )
    context.record(changed, fields)
  },
})
