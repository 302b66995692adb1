import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { instant } from '../../instants.ts'
import { ORG } from '../../organization.ts'
import { clean } from '../../output.ts'
import { patientId } from '../patients/shared.ts'
import { tellCall } from './shared.ts'

const OUTCOME = { flags: '--outcome <text>', text: 'what came of it, in a word or two' }
const NOTES = { flags: '--notes <text>', text: 'what was said' }

interface Complete {
  org: string | undefined
  call_id: string
  status: 'COMPLETED' | 'VOICEMAIL' | 'MISSED'
  outcome: string | undefined
  notes: string | undefined
}

export const complete = command<Complete>({
  name: 'complete <call-id>',
  summary: 'End a call',
  details: 'Computes how long it took, and frees you for the next one.',
  options: [
    ORG,
    OUTCOME,
    NOTES,
    { flags: '--voicemail', text: 'you left a message' },
    { flags: '--missed', text: 'nobody answered' },
  ],
  examples: [
    ['ward calls complete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 --outcome "Appointment booked"', 'it is over'],
    ['ward calls complete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 --missed', 'of a call that you made'],
  ],
  parse: (typed) => {
    const [voicemail, missed] = [typed.flag('voicemail'), typed.flag('missed')]
    if (voicemail && missed) throw new UsageError('--voicemail and --missed exclude each other')
    return {
      org: typed.text('org'),
      call_id: typed.arg(0),
      status: voicemail ? 'VOICEMAIL' : missed ? 'MISSED' : 'COMPLETED',
      outcome: typed.text('outcome'),
      notes: typed.text('notes'),
    }
  },
  async run(context, { org, ...ending }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const call = await client.calls.complete({ organization_id, ...ending }, { signal: context.io.signal })
    tellCall(context, call, 'Over')
  },
})

interface Note {
  org: string | undefined
  call_id: string
  outcome: string | undefined
  notes: string | undefined
  patient: string | undefined
  answered: boolean
  if_match: number | undefined
}

export const note = command<Note>({
  name: 'note <call-id>',
  summary: 'Note what came of a call, and whose it was',
  options: [
    ORG,
    OUTCOME,
    NOTES,
    { flags: '--patient <patient>', text: 'whose call it is: a patient’s id or record number' },
    { flags: '--answered', text: 'a call that you made was answered: its duration counts from now' },
    { flags: '--if-version <n>', text: 'only when it is still at this version', integer: [1, 2_147_483_647] },
  ],
  examples: [
    ['ward calls note 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 --patient MRN-000123', 'it was this patient'],
  ],
  parse: (typed) => {
    const noted = {
      org: typed.text('org'),
      call_id: typed.arg(0),
      outcome: typed.text('outcome'),
      notes: typed.text('notes'),
      patient: typed.text('patient'),
      answered: typed.flag('answered'),
      if_match: typed.number('ifVersion'),
    }
    if ((noted.outcome ?? noted.notes ?? noted.patient) === undefined && !noted.answered)
      throw new UsageError('Say what to note: --outcome, --notes, --patient or --answered')
    return noted
  },
  async run(context, { org, patient, answered, ...noted }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const patient_id =
      patient === undefined ? undefined : await patientId(context, client, organization_id, patient)
    const status = answered ? 'IN_PROGRESS' : undefined
    const call = await client.calls.update(
      { organization_id, ...noted, patient_id, status },
      { signal: context.io.signal },
    )
    tellCall(context, call, 'Noted')
  },
})

interface Task {
  org: string | undefined
  call_id: string
  description: string
  assignee_id: string | undefined
  due_at: string | undefined
}

export const task = command<Task>({
  name: 'task <call-id> <description>',
  summary: 'Make a follow-up of a call',
  details: 'The assignee is notified, without a word of it. Prints the id.',
  options: [
    ORG,
    { flags: '--assignee <user-id>', text: 'who is to do it' },
    { flags: '--due <time>', text: 'by when, with its offset: 2026-03-09T17:00-04:00' },
  ],
  examples: [
    ["ward calls task 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90 'Send the referral'", 'for whoever takes it'],
  ],
  parse: (typed) => ({
    org: typed.text('org'),
    call_id: typed.arg(0),
    description: typed.arg(1),
    assignee_id: typed.text('assignee'),
    due_at: instant(typed.text('due'), '--due'),
  }),
  async run(context, { org, ...wanted }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const made = await client.calls.createTask({ organization_id, ...wanted }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(made, [])
    const who = made.assignee === null ? 'nobody has it yet' : `for ${clean(made.assignee.display_name)}`
    context.status(`Made; ${who}.`)
    context.print(`${made.id}\n`)
  },
})
