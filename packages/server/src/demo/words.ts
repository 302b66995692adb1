// Invented people and invented texts; telephone numbers come from the range that is kept for fiction (555-0100 to 0199).

export const FIRST_NAMES = {
  FEMALE:
    'Abigail Amara Beatriz Camille Chloe Delphine Elena Fatima Freya Georgia Hana Imogen Ingrid Josephine Keiko Leila Lucia Mabel Maya Noor Odette Paloma Quinn Renata Rosalind Saoirse Simone Talia Ursula Vera Willa Yasmin Zadie Zoë',
  MALE: 'Adrian Amos Basil Caleb Cyrus Dario Desmond Elias Ezra Felix Gideon Hamza Hugo Ivan Jonas Julian Kofi Lars Leon Malik Mateus Nathaniel Oscar Pavel Quentin Rafael Roman Silas Tariq Theodor Uriel Victor Wesley Xavier',
  NON_BINARY:
    'Alex Avery Blair Casey Devon Ellis Finley Harper Indigo Jules Kai Marlow Reese Robin Rowan Sage',
} as const

export const LAST_NAMES =
  'Abbott Adeyemi Albrecht Alvarez Andersen Ashworth Bakshi Barlow Bennett Bianchi Boateng Brennan Cardoso Castellanos Chandra Clarke Costa Dalton Demir Dubois Eastwood Ekström Farouk Ferreira Fitzgerald Fontaine Gallagher Garrido Gupta Hale Hashimoto Hernández Holloway Ibrahim Jensen Kapoor Kaufman Keller Kowalski Lambert Larsen Lindqvist Lockhart MacLeod Marchetti Mbeki Mendoza Moreau Müller Nakagawa Nguyen Novak O’Brien Oyelaran Paxton Petrov Quigley Ramos Reyes Rosen Sandoval Schneider Sokolov Stanhope Sullivan Takeda Thackeray Tran Underwood Vance Vasquez Vogel Wallace Whitaker Wójcik Yamamoto Yilmaz Zhang'

export const SPECIALTIES = [
  'Family Medicine',
  'Internal Medicine',
  'Pediatrics',
  'Cardiology',
  'Dermatology',
  'Psychiatry',
  'Endocrinology',
  'Obstetrics and Gynecology',
  'Physical Medicine',
] as const

export const VISIT_REASONS = [
  'Annual physical',
  'Blood pressure follow-up',
  'Medication review',
  'Lab results',
  'Knee pain',
  'Skin check',
  'Vaccination',
  'Sleep problems',
  'Migraine follow-up',
  'Diabetes check',
  'New patient visit',
  'Allergy symptoms',
] as const

export const CANCELLATION_REASONS = [
  'Patient is travelling',
  'Provider unavailable',
  'Feeling better',
] as const

export const MOVING_REASONS = [
  'Patient is travelling',
  'Conflict at work',
  'Provider at a conference',
] as const

export const TASKS = [
  'Call back about the lab results',
  'Send the referral to the specialist',
  'Ask for the records of the former practice',
  'Confirm the new insurance',
  'Schedule the follow-up visit',
  'Check the refill with the pharmacy',
  'Prepare the vaccination record for school',
] as const

export const CALL_REASONS = [
  'Refill of a prescription',
  'Wants an appointment',
  'Question about a bill',
  'Laboratory results',
  'Referral to a specialist',
  'Moved, new address',
  'Side effects of a medicine',
] as const

export const CALL_OUTCOMES = [
  'Appointment booked',
  'Question answered',
  'Refill passed on to the pharmacy',
  'Will call back',
  'Passed on to the practice',
] as const

export const CALL_NOTES = [
  'Prefers mornings.',
  'Wants to be called back after five.',
  'Asked for the results by mail.',
  'Will bring the insurance card.',
] as const

/** Of the practice itself, about no patient. */
export const CHORES = [
  'Order examination gloves',
  'Calibrate the blood pressure monitors',
  'Update the holiday hours',
] as const

export const CONVERSATIONS: readonly { readonly subject: string; readonly lines: readonly string[] }[] = [
  {
    subject: 'Question about my prescription',
    lines: [
      'Hello, my refill ran out two days early. Can you send a new one?',
      'Thanks for telling us. I have sent the refill to your pharmacy; it should be ready this afternoon.',
      'Perfect, thank you!',
    ],
  },
  {
    subject: 'Preparing for the visit',
    lines: [
      'Should I fast before the blood test?',
      'Yes, please: nothing but water for eight hours before it.',
      'Got it. And my usual morning pill?',
      'Take it as usual with water.',
    ],
  },
  {
    subject: 'Lab results',
    lines: [
      'Your results are in and look good. We can go over them at your next visit.',
      'That is a relief. Do I need to change anything?',
      'No changes for now. We repeat the test in six months.',
    ],
  },
  {
    subject: 'School form',
    lines: [
      'The school needs the vaccination form by Friday. Can I pick it up at the desk?',
      'It will be at the front desk from tomorrow morning.',
    ],
  },
  {
    subject: 'Side effects',
    lines: [
      'Since the new dose I feel dizzy in the mornings.',
      'Thank you for writing. Please take it in the evening for a week and tell us how it goes.',
      'Much better already.',
      'Good to hear. We keep the evening dose then.',
      'Thank you, doctor.',
    ],
  },
]

export const TICKETS: readonly {
  readonly category: string
  readonly subject: string
  readonly body: string
  readonly answer: string
  readonly note: string
}[] = [
  {
    category: 'TECHNICAL',
    subject: 'The calendar stays empty',
    body: 'Since this morning the calendar shows no appointments, on two computers.',
    answer:
      'Thank you for the report. Could you sign out and in again, and tell me whether the week view is empty too?',
    note: 'Looks like the cached time zone again; see the release notes of last week.',
  },
  {
    category: 'TECHNICAL',
    subject: 'Video visit has no sound',
    body: 'The other side cannot hear me. The picture is fine.',
    answer: 'Please allow the microphone for this site in the browser, then join again. Does that help?',
    note: 'Browser permission in nine of ten cases. Ask for the version if it persists.',
  },
  {
    category: 'ACCOUNT',
    subject: 'New phone, no codes',
    body: 'I have a new phone and the authenticator app is empty. How do I sign in?',
    answer: 'Use one of your backup codes to sign in, then set the second factor up again under Security.',
    note: 'Identity was checked by telephone with the practice before answering.',
  },
  {
    category: 'ACCOUNT',
    subject: 'Change of e-mail address',
    body: 'I would like to use my new address for signing in and for reminders.',
    answer: 'I have opened the change for you. You will get a message at the new address to confirm it.',
    note: 'Old address stays valid until it is confirmed.',
  },
  {
    category: 'BILLING',
    subject: 'Invoice shows the wrong month',
    body: 'The invoice of this month has the dates of the last one.',
    answer:
      'You are right, the period was printed wrongly. A corrected invoice is on its way; the amount stays the same.',
    note: 'Third one this week, told the billing team.',
  },
  {
    category: 'BILLING',
    subject: 'Receipt for a payment',
    body: 'Where do I find a receipt for my last payment?',
    answer: 'Under Billing, then Payments: the receipt is the small arrow at the right of each line.',
    note: 'Candidate for the help page.',
  },
  {
    category: 'CLINICAL',
    subject: 'Document went to the wrong folder',
    body: 'A form was uploaded under the wrong heading. Can it be moved?',
    answer: 'The practice can move it; I have passed this on to them and they will confirm it here.',
    note: 'Do not open the document, only staff of the practice may.',
  },
  {
    category: 'OTHER',
    subject: 'Reminders in the evening',
    body: 'Is it possible to get the reminders in the evening instead of the morning?',
    answer: 'Not yet, but I have added your wish to the list for the product team.',
    note: 'Asked for by several practices.',
  },
]

/** Plausible values of a laboratory report. */
export const LAB_VALUES = [
  { name: 'Total cholesterol', low: 140, high: 260, unit: 'mg/dL' },
  { name: 'LDL cholesterol', low: 60, high: 180, unit: 'mg/dL' },
  { name: 'HDL cholesterol', low: 35, high: 80, unit: 'mg/dL' },
  { name: 'Triglycerides', low: 50, high: 220, unit: 'mg/dL' },
  { name: 'Glucose, fasting', low: 70, high: 130, unit: 'mg/dL' },
  { name: 'Creatinine', low: 1, high: 2, unit: 'mg/dL' },
] as const

export const MACROS = [
  {
    title: 'Ask for browser and device',
    body: 'Hello {{requester.first_name}},\n\nto look into {{ticket.number}}, which browser and which device do you use?\n\n{{agent.first_name}}, support',
    is_internal_note: false,
    status: 'WAITING_ON_USER',
    urgency: null,
    add_tags: ['app'],
  },
  {
    title: 'Solved: sign out and in again',
    body: 'Hello {{requester.first_name}},\n\nplease sign out and in again; that solves it. If it does not, answer here and {{ticket.number}} goes on.\n\n{{agent.name}}',
    is_internal_note: false,
    status: 'RESOLVED',
    urgency: null,
    add_tags: [],
  },
  {
    title: 'Hand over to the second line',
    body: 'For the second line: {{ticket.category}}, asked by {{requester.name}}. Seen by {{agent.name}}.',
    is_internal_note: true,
    status: null,
    urgency: 'HIGH',
    add_tags: ['second-line'],
  },
  {
    title: 'Known outage',
    body: null,
    is_internal_note: false,
    status: null,
    urgency: 'URGENT',
    add_tags: ['outage'],
  },
] as const

export const CONSENT_DOCUMENTS = [
  {
    type: 'HIPAA_NOTICE',
    title: 'Notice of Privacy Practices',
    content:
      'This notice describes how medical information about you may be used and disclosed, and how you can get access to it. It is a sample for the demo.',
  },
  {
    type: 'TERMS_OF_SERVICE',
    title: 'Terms of Service',
    content: 'These terms govern your use of the portal. They are a sample for the demo.',
  },
  {
    type: 'TREATMENT_AGREEMENT',
    title: 'Consent to Treatment',
    content: 'You agree to examination and treatment by the practice. This is a sample for the demo.',
  },
] as const
