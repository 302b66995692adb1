import type { Client } from '@wardline/sdk'
import { command } from '../../command.ts'
import type { Context } from '../../context.ts'
import { EXIT } from '../../exit.ts'
import { ORG } from '../../organization.ts'
import { type CallDetail, tellCall } from './shared.ts'

export const accept = command<{ org: string | undefined; id: string | undefined }>({
  name: 'accept [call-id]',
  summary: 'Take the caller who waits longest',
  details:
    'Without an id: whoever is first, even when a colleague is faster and the next one is. With an id: that one, if it is first. Exits with 5 when it is not, when a colleague has it, or when you are in a call; with 3 when nobody waits.',
  options: [ORG],
  examples: [
    ['ward calls accept', 'the next caller is yours'],
    ['ward calls accept 01934f6e-8d2a-7c41-9a57-0f6f2b7c1d90', 'this one or none'],
  ],
  parse: (typed) => ({ org: typed.text('org'), id: typed.optionalArg(0) }),
  async run(context, { org, id }) {
    const organization_id = await context.organization(org)
    const client = await context.client()
    const call =
      id === undefined
        ? await takeFirst(context, client, organization_id)
        : await client.calls.accept({ organization_id, queue_id: id }, { signal: context.io.signal })
    if (call !== undefined) return tellCall(context, call, 'Yours')
    context.warn('Nobody waits.')
    context.exitCode = EXIT.notFound
  },
})

/** A colleague who is faster changes who is first: then the next one is tried. */
async function takeFirst(
  context: Context,
  client: Client,
  organization_id: string,
): Promise<CallDetail | undefined> {
  const { isProblem } = await import('../../sdk.ts')
  const { signal } = context.io
  const findFirst = async () => (await client.calls.queue({ organization_id, limit: 1 }, { signal })).items[0]
  let first = await findFirst()
  while (first !== undefined) {
    const { id } = first
    try {
      return await client.calls.accept({ organization_id, queue_id: id }, { signal })
    } catch (error) {
      if (!isProblem(error, 'CONFLICT')) throw error
      first = await findFirst()
      // It is still first, so it was not a colleague: we are in a call.
      if (first?.id === id) throw error
    }
  }
  return undefined
}
