import { command } from '../../command.ts'

export const show = command<{ patient_id: string; org: string | undefined }>({
  name: 'show <patient-id>',
  summary: 'One patient, with contacts and care team',
  options: [{ flags: '--org <id>', text: 'the organization, when you belong to several' }],
  examples: [['ward patients show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10', 'audited as a read']],
  parse: (typed) => ({ patient_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { patient_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const patient = await client.patients.get({ org_id, patient_id }, { signal: context.io.signal })
    context.record(patient, [
      { key: 'id', value: (one) => one.id },
      {
        key: 'name',
        value: (one) => `${one.first_name} ${one.last_name}`,
        paint: (text, _, style) => style.bold(text),
      },
      { key: 'dob', value: (one) => one.dob },
      { key: 'mrn', value: (one) => one.medical_record_number },
      { key: 'status', value: (one) => one.status },
      { key: 'has_login', value: (one) => one.has_login },
      {
        key: 'contacts',
        value: (one) => one.contact_methods.map((contact) => `${contact.type} ${contact.value}`).join(', '),
      },
      {
        key: 'care_team',
        value: (one) =>
          one.care_team
            .map((member) => `${member.display_name}${member.is_primary_provider ? ' (primary)' : ''}`)
            .join(', '),
      },
      { key: 'version', value: (one) => one.version },
    ])
  },
})
