import { command } from '../../command.ts'

export const retry = command<{ job_id: string }>({
  name: 'retry <job-id>',
  summary: 'Run a job that failed for good once more',
  details: 'For super-admins. It gets one further attempt, at once.',
  examples: [['ward jobs retry 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90', 'ids: ward jobs list']],
  parse: (typed) => ({ job_id: typed.arg(0) }),
  async run(context, { job_id }) {
    const client = await context.client()
    const job = await client.jobs.retry({ job_id }, { signal: context.io.signal })
    if (context.format !== 'table') return context.record(job, [])
    context.status(`${job.queue} is tried again.`)
  },
})
