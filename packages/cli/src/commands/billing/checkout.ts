import { pageCommand } from './shared.ts'

export const checkout = pageCommand({
  name: 'checkout',
  summary: 'A page where the organization, or a patient, subscribes',
  details:
    'Prints the address of a page at Stripe. Whoever has it can pay there, so keep it to yourself. For ADMINs; with --patient for the patient, or a proxy who may see billing.',
  examples: [
    ['ward billing checkout --open', 'subscribe, in the browser'],
    ['ward billing checkout --patient me', 'the address of a patient’s own page'],
  ],
  hint: 'It counts some seconds after it is paid: ward billing status',
  make: ({ billing }, { org_id, patient_id, return_url }, options) =>
    patient_id === undefined
      ? billing.checkoutOrganization({ org_id, return_url }, options)
      : billing.checkoutPatient({ org_id, patient_id, return_url }, options),
})
