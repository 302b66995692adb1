import { type AnyCommand, command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { instant } from '../../instants.ts'
import { clean } from '../../output.ts'

const ORG = { flags: '--org <id>', text: 'the organization, when you belong to several' }

interface Create {
  org: string | undefined
  description: string
  assignee: string | undefined
  due: string | undefined
  about: { type: 'PATIENT' | 'APPOINTMENT'; id: string } | undefined
}

export const create = command<Create>({
  name: 'create <description>',
  summary: 'Make a task',
  details: 'The assignee is notified, without a word of it. Prints the id.',
  options: [
    ORG,
    { flags: '--assignee <user-id>', text: 'who is to do it' },
    { flags: '--due <time>', text: 'by when, with its offset: 2026-03-09T17:00-04:00' },
    { flags: '--patient <id>', text: 'about this patient' },
    { flags: '--appointment <id>', text: 'about this visit' },
  ],
  examples: [
    [
      "ward tasks create 'Call back about the lab results' --due 2026-03-09T17:00-04:00",
      'for whoever takes it',
    ],
  ],
  parse: (typed) => {
    const [patient, appointment] = [typed.text('patient'), typed.text('appointment')]
    if (patient !== undefined && appointment !== undefined)
      throw new UsageError('--patient and --appointment exclude each other')
    return {
      org: typed.text('org'),
      description: typed.arg(0),
      assignee: typed.text('assignee'),
      due: instant(typed.text('due'), '--due'),
      about:
        patient !== undefined
          ? { type: 'PATIENT', id: patient }
          : appointment !== undefined
            ? { type: 'APPOINTMENT', id: appointment }
            : undefined,
    }
  },
  async run(context, { org, description, assignee, due, about }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const task = await client.tasks.create(
      { org_id, description, assignee_id: assignee, due_at: due, related_resource: about },
      { signal: context.io.signal },
    )
    if (context.format !== 'table') return context.record(task, [])
    context.status(
      task.assignee === null ? 'Made; nobody has it yet.' : `Made, for ${clean(task.assignee.display_name)}.`,
    )
    context.print(`${task.id}\n`)
  },
})

const close = (verb: string, status: 'COMPLETED' | 'CANCELLED', summary: string, done: string): AnyCommand =>
  command<{ task_id: string; org: string | undefined }>({
    name: `${verb} <task-id>`,
    summary,
    options: [ORG],
    examples: [[`ward tasks ${verb} 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80`, status]],
    parse: (typed) => ({ task_id: typed.arg(0), org: typed.text('org') }),
    async run(context, { task_id, org }) {
      const org_id = await context.organization(org)
      const client = await context.client()
      const task = await client.tasks.update({ org_id, task_id, status }, { signal: context.io.signal })
      if (context.format !== 'table') return context.record(task, [])
      context.status(`${done}: ${clean(task.description)}`)
    },
  })

export const done = close('done', 'COMPLETED', 'A task is done', 'Done')
export const cancel = close('cancel', 'CANCELLED', 'A task is not needed any more', 'Cancelled')
