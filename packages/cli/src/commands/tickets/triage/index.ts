import { command } from '../../../command.ts'
import type { Context } from '../../../context.ts'
import { UsageError } from '../../../exit.ts'
import { PlainTriage } from './plain.ts'
import { VIEWS, type View } from './views.ts'

export const triage = command<{ view: View; plain: boolean }>({
  name: 'triage',
  summary: 'Work through the queue on a live screen, one key per action',
  details:
    'The queue, the open ticket and its requester, live: new tickets, messages and who else has the ticket open appear as they happen. Press ? for the keys. A public reply is asked about before it is sent; a change that a colleague made meanwhile is shown and nothing is overwritten; texts that were not sent are kept. --plain goes line by line, for screen readers; so does a terminal that cannot be drawn on (TERM=dumb). Needs a terminal.',
  options: [
    { flags: '--view <view>', text: 'which part of the queue (all)', choices: VIEWS },
    { flags: '--plain', text: 'line by line, without a screen that changes' },
  ],
  examples: [
    ['ward tickets triage', 'all that waits'],
    ['ward tickets triage --view breaching', 'what is late first'],
    ['ward tickets triage --plain', 'for a screen reader'],
  ],
  parse: (typed) => ({ view: typed.choice('view', VIEWS) ?? 'all', plain: typed.flag('plain') }),
  async run(context, { view, plain }) {
    if (!context.interactive || context.io.stdout.isTTY !== true) {
      throw new UsageError('triage needs a terminal; scripts use ward tickets list, reply, assign and status')
    }
    if (plain || !canBeDrawnOn(context)) {
      return await new PlainTriage(context, await context.client(), view).run()
    }
    const { runScreen } = await import('./screen.ts')
    await runScreen(context, view)
  },
})

const canBeDrawnOn = ({ io }: Context): boolean => io.env.TERM !== undefined && io.env.TERM !== 'dumb'
