import type { Client, components } from '@wardline/sdk'
import type { Group } from '../../command.ts'
import type { Context } from '../../context.ts'
import { type Column, localTime } from '../../output.ts'
import { nothingNamed } from '../../uuid.ts'
import { providerId } from '../providers/shared.ts'
import { aboutPatient } from './shared.ts'

type Member = components['schemas']['CareTeamMember']

const columns: readonly Column<Member>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.display_name, shrink: true },
  { key: 'specialty', value: (one) => one.specialty },
  {
    key: 'primary',
    value: (one) => (one.is_primary_provider ? 'yes' : 'no'),
    paint: (text, one, style) => (one.is_primary_provider ? style.bold(text) : text),
  },
  { key: 'since', value: (one) => localTime(one.assigned_at) },
]

const list = aboutPatient({
  name: 'list <patient>',
  summary: 'Who cares for a patient here, the primary first',
  examples: [['ward patients care-team list MRN-000123', 'of this organization']],
  parse: () => undefined,
  async run(context, client, at) {
    const { signal } = context.io
    const items = await context.collect(client.careTeam.list({ ...at, limit: 100 }, { signal }), 1000)
    context.list(items, columns, 'Nobody.')
  },
})

/** The place of a provider on a team. */
const placeOf = async (
  context: Context,
  client: Client,
  at: { org_id: string; patient_id: string },
  named: string,
): Promise<Member> => {
  const provider_id = await providerId(context, client, at.org_id, named)
  const { signal } = context.io
  for await (const one of client.careTeam.list({ ...at, limit: 100 }, { signal }))
    if (one.provider_id === provider_id) return one
  throw nothingNamed('The provider is not on this care team')
}

const add = aboutPatient({
  name: 'add <patient> <provider>',
  summary: 'Add a provider, by id or NPI, to the care team',
  options: [{ flags: '--primary', text: 'the one who leads; the old one does not any more' }],
  examples: [['ward patients care-team add MRN-000123 1234567893 --primary', 'by NPI']],
  parse: (typed) => ({ provider: typed.arg(1), is_primary_provider: typed.flag('primary') }),
  async run(context, client, at, { provider, is_primary_provider }) {
    const provider_id = await providerId(context, client, at.org_id, provider)
    const { signal } = context.io
    context.record(
      await client.careTeam.add({ ...at, provider_id, is_primary_provider }, { signal }),
      columns,
    )
  },
})

const primary = aboutPatient({
  name: 'primary <patient> <provider>',
  summary: 'Name the primary of those on the care team',
  examples: [['ward patients care-team primary MRN-000123 1234567893', 'the old one stays on the team']],
  parse: (typed) => ({ provider: typed.arg(1) }),
  async run(context, client, at, { provider }) {
    const { id: assignment_id } = await placeOf(context, client, at, provider)
    const changed = await client.careTeam.update(
      { ...at, assignment_id, is_primary_provider: true },
      { signal: context.io.signal },
    )
    context.record(changed, columns)
  },
})

const remove = aboutPatient({
  name: 'remove <patient> <provider>',
  summary: 'Take a provider off the care team (ADMINs)',
  details: 'Not the primary while appointments with this patient are booked.',
  examples: [['ward patients care-team remove MRN-000123 1234567893', 'by NPI']],
  parse: (typed) => ({ provider: typed.arg(1) }),
  async run(context, client, at, { provider }) {
    const { id: assignment_id } = await placeOf(context, client, at, provider)
    await client.careTeam.remove({ ...at, assignment_id }, { signal: context.io.signal })
    context.status('The provider is off the care team.')
  },
})

export const careTeam: Group = {
  name: 'care-team',
  summary: 'Who cares for a patient',
  commands: [list, add, primary, remove],
}
