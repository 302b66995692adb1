import { aboutPatient, patientFields } from './shared.ts'

export const show = aboutPatient({
  name: 'show <patient>',
  summary: 'One patient, with contacts and care team',
  examples: [
    ['ward patients show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d10', 'audited as a read'],
    ['ward patients show MRN-000123', 'by record number'],
  ],
  parse: () => undefined,
  async run(context, client, at) {
    context.record(await client.patients.get(at, { signal: context.io.signal }), patientFields)
  },
})
