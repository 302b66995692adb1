import type { components } from '@wardline/sdk'
import { command, type Group } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import type { Column } from '../../output.ts'
import { memberUserId } from '../members.ts'

const columns: readonly Column<components['schemas']['Staff']>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.display_name, shrink: true },
  { key: 'email', value: (one) => one.email },
  { key: 'role', value: (one) => one.role },
  { key: 'employee_id', value: (one) => one.employee_id },
  { key: 'job_title', value: (one) => one.job_title },
]

const JOB = [
  { flags: '--title <title>', text: 'the job title' },
  { flags: '--employee-id <number>', text: 'the number in the personnel files' },
]

const list = command({
  name: 'list',
  summary: 'The organization’s staff profiles',
  options: [
    { flags: '--title <title>', text: 'only this job title' },
    { flags: '--search <text>', text: 'part of the name or the employee number' },
    { flags: '-L, --limit <n>', text: 'at most so many (50)', integer: [1, 10_000] },
    ORG,
  ],
  examples: [['ward staff list --title "Front desk"', 'in the order of joining']],
  parse: (typed) => ({
    job_title: typed.text('title'),
    search: typed.text('search'),
    limit: typed.number('limit') ?? 50,
    org: typed.text('org'),
  }),
  async run(context, { org, limit, ...query }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const page = client.staff.list(
      { org_id, ...query, limit: Math.min(limit, 100) },
      { signal: context.io.signal },
    )
    context.list(await context.collect(page, limit), columns, 'Nobody.')
  },
})

const show = command({
  name: 'show <staff-id>',
  summary: 'One staff profile',
  details: 'For ADMINs, and for the person whose it is.',
  options: [ORG],
  examples: [['ward staff show 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'ids: ward staff list']],
  parse: (typed) => ({ staff_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { staff_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    context.record(await client.staff.get({ org_id, staff_id }, { signal: context.io.signal }), columns)
  },
})

const create = command({
  name: 'create <member>',
  summary: 'Give a member a staff profile',
  details: 'The member by e-mail address or by the id of the account. For ADMINs.',
  options: [...JOB, ORG],
  examples: [['ward staff create theo@example.com --title "Front desk" --employee-id E-10482', '']],
  parse: (typed) => ({
    member: typed.arg(0),
    job_title: typed.text('title'),
    employee_id: typed.text('employeeId'),
    org: typed.text('org'),
  }),
  async run(context, { member, org, ...body }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const user_id = await memberUserId(context, client, org_id, member)
    context.record(
      await client.staff.create({ org_id, user_id, ...body }, { signal: context.io.signal }),
      columns,
    )
  },
})

const update = command({
  name: 'update <staff-id>',
  summary: 'Change a staff profile',
  options: [...JOB, ORG],
  examples: [['ward staff update 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80 --title "Office manager"', 'promoted']],
  parse: (typed) => {
    const changes = { job_title: typed.text('title'), employee_id: typed.text('employeeId') }
    if (changes.job_title === undefined && changes.employee_id === undefined)
      throw new UsageError('Say what to change: --title or --employee-id')
    return { staff_id: typed.arg(0), org: typed.text('org'), changes }
  },
  async run(context, { staff_id, org, changes }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    const { signal } = context.io
    context.record(await client.staff.update({ org_id, staff_id, ...changes }, { signal }), columns)
  },
})

const remove = command({
  name: 'delete <staff-id>',
  summary: 'Delete a staff profile; the person stays a member',
  options: [ORG],
  examples: [['ward staff delete 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d80', 'ids: ward staff list']],
  parse: (typed) => ({ staff_id: typed.arg(0), org: typed.text('org') }),
  async run(context, { staff_id, org }) {
    const org_id = await context.organization(org)
    const client = await context.client()
    await client.staff.delete({ org_id, staff_id }, { signal: context.io.signal })
    context.status('The profile is deleted.')
  },
})

export const staff: Group = {
  name: 'staff',
  summary: 'Job profiles of members',
  commands: [list, show, create, update, remove],
}
