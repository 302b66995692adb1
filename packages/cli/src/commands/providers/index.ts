import { command, type Group } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { memberUserId } from '../members.ts'
import { LICENSE, parseLicenses, providerColumns, providerFields, providerId } from './shared.ts'

const list = command({
  name: 'list',
  summary: 'The organization’s providers',
  options: [
    { flags: '--specialty <name>', text: 'only this specialty' },
    { flags: '--search <text>', text: 'part of the name, or the beginning of the NPI' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
    ORG,
  ],
  examples: [
    ['ward providers list', 'in the order of joining'],
    ['ward providers list --specialty cardiology -o csv', 'for a spreadsheet'],
  ],
  parse: (typed) => ({
    specialty: typed.text('specialty'),
    search: typed.text('search'),
    limit: typed.number('limit') ?? 50,
    org: typed.text('org'),
  }),
  async run(context, { org, limit, ...query }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const page = client.providers.list(
      { org_id, ...query, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    )
    context.list(await context.collect(page, limit), providerColumns, 'No provider matches.')
  },
})

const show = command({
  name: 'show <provider>',
  summary: 'One provider, by id or NPI',
  details: 'The DEA number shows to ADMINs and to the provider.',
  options: [ORG],
  examples: [['ward providers show 1234567893', 'by NPI']],
  parse: (typed) => ({ provider: typed.arg(0), org: typed.text('org') }),
  async run(context, { provider, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const provider_id = await providerId(context, client, org_id, provider)
    context.record(
      await client.providers.get({ org_id, provider_id }, { signal: context.io.signal }),
      providerFields,
    )
  },
})

const create = command({
  name: 'create <member>',
  summary: 'Make a member a provider',
  details: 'The member by e-mail address or by the id of the account. For ADMINs.',
  options: [
    { flags: '--npi <number>', text: 'the National Provider Identifier, 10 digits' },
    { flags: '--specialty <name>', text: 'the specialty' },
    { flags: '--dea <number>', text: 'the DEA registration' },
    LICENSE,
    ORG,
  ],
  examples: [
    [
      'ward providers create ines@example.com --npi 1234567893 --license NY:301245:2027-06-30',
      'prints the id',
    ],
  ],
  parse: (typed) => {
    const npi_number = typed.text('npi')
    if (npi_number === undefined) throw new UsageError('--npi is required')
    return {
      member: typed.arg(0),
      org: typed.text('org'),
      body: {
        npi_number,
        specialty: typed.text('specialty'),
        dea_number: typed.text('dea'),
        state_licenses: parseLicenses(typed.texts('license')),
      },
    }
  },
  async run(context, { member, org, body }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const user_id = await memberUserId(context, client, org_id, member)
    const made = await client.providers.create({ org_id, user_id, ...body }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    context.print(`${made.id}\n`)
    context.status(
      `${clean(made.display_name)} is a provider${made.is_licensed ? '' : '; without a licence nothing can be booked'}.`,
    )
  },
})

const update = command({
  name: 'update <provider>',
  summary: 'Change a provider, by id or NPI',
  details: 'For ADMINs, and for the provider. --license replaces all licences: give each that holds.',
  options: [
    { flags: '--npi <number>', text: 'the National Provider Identifier' },
    { flags: '--specialty <name>', text: 'the specialty' },
    { flags: '--dea <number>', text: 'the DEA registration; none takes it off' },
    LICENSE,
    ORG,
  ],
  examples: [['ward providers update 1234567893 --license NY:301245:2029-06-30', 'renewed']],
  parse: (typed) => {
    const dea = typed.text('dea')
    const licenses = typed.texts('license')
    const changes = {
      npi_number: typed.text('npi'),
      specialty: typed.text('specialty'),
      dea_number: dea === 'none' ? null : dea,
      state_licenses: licenses.length === 0 ? undefined : parseLicenses(licenses),
    }
    if (Object.values(changes).every((one) => one === undefined))
      throw new UsageError('Say what to change, for example --specialty')
    return { provider: typed.arg(0), org: typed.text('org'), changes }
  },
  async run(context, { provider, org, changes }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const provider_id = await providerId(context, client, org_id, provider)
    const { signal } = context.io
    context.record(
      await client.providers.update({ org_id, provider_id, ...changes }, { signal }),
      providerFields,
    )
  },
})

const remove = command({
  name: 'delete <provider>',
  summary: 'Delete a provider profile; the person stays a member',
  details: 'By id or NPI, for ADMINs. Not while appointments are booked.',
  options: [ORG],
  examples: [['ward providers delete 1234567893', 'leaves the care teams too']],
  parse: (typed) => ({ provider: typed.arg(0), org: typed.text('org') }),
  async run(context, { provider, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const provider_id = await providerId(context, client, org_id, provider)
    await client.providers.delete({ org_id, provider_id }, { signal: context.io.signal })
    context.status('The profile is deleted.')
  },
})

export const providers: Group = {
  name: 'providers',
  summary: 'Those who treat',
  commands: [list, show, create, update, remove],
}
