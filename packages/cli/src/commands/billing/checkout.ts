import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { OPEN, PATIENT, type PageOptions, parsePage, RETURN_URL, showPage, whose } from './shared.ts'

export const checkout = command<PageOptions>({
  name: 'checkout',
  summary: 'A page where the organization, or a patient, subscribes',
  details:
    'Prints the address of a page at Stripe. Whoever has it can pay there, so keep it to yourself. For ADMINs; with --patient for the patient, or a proxy who may see billing.',
  options: [PATIENT, RETURN_URL, OPEN, ORG],
  examples: [
    ['ward billing checkout --open', 'subscribe, in the browser'],
    ['ward billing checkout --patient me', 'the address of a patient’s own page'],
  ],
  parse: parsePage,
  async run(context, { org, patient, return_url, open }) {
    const client = await context.client()
    const { org_id, patient_id } = await whose(context, client, org, patient)
    const options = { signal: context.io.signal }
    const page =
      patient_id === undefined
        ? await client.billing.checkoutOrganization({ org_id, return_url }, options)
        : await client.billing.checkoutPatient({ org_id, patient_id, return_url }, options)
    await showPage(context, page, open, 'It counts some seconds after it is paid: ward billing status')
  },
})
