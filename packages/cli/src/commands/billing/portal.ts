import { pageCommand } from './shared.ts'

export const portal = pageCommand({
  name: 'portal',
  summary: 'A page where a subscription is changed: card, invoices, cancelling',
  details:
    'Prints the address of Stripe’s customer portal. For ADMINs; with --patient for the patient, or a proxy who may see billing.',
  examples: [
    ['ward billing portal --open', 'in the browser'],
    ['ward billing portal --patient me -o json', 'for a script'],
  ],
  hint: 'It is good for some minutes.',
  make: ({ billing }, { org_id, patient_id, return_url }, options) =>
    patient_id === undefined
      ? billing.portalOrganization({ org_id, return_url }, options)
      : billing.portalPatient({ org_id, patient_id, return_url }, options),
})
