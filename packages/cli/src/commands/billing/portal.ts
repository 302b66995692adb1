import { command } from '../../command.ts'
import { ORG } from '../../organization.ts'
import { OPEN, PATIENT, type PageOptions, parsePage, RETURN_URL, showPage, whose } from './shared.ts'

export const portal = command<PageOptions>({
  name: 'portal',
  summary: 'A page where a subscription is changed: card, invoices, cancelling',
  details:
    'Prints the address of Stripe’s customer portal. For ADMINs; with --patient for the patient, or a proxy who may see billing.',
  options: [PATIENT, RETURN_URL, OPEN, ORG],
  examples: [
    ['ward billing portal --open', 'in the browser'],
    ['ward billing portal --patient me -o json', 'for a script'],
  ],
  parse: parsePage,
  async run(context, { org, patient, return_url, open }) {
    const client = await context.client()
    const { org_id, patient_id } = await whose(context, client, org, patient)
    const options = { signal: context.io.signal }
    const page =
      patient_id === undefined
        ? await client.billing.portalOrganization({ org_id, return_url }, options)
        : await client.billing.portalPatient({ org_id, patient_id, return_url }, options)
    await showPage(context, page, open, 'It is good for some minutes.')
  },
})
