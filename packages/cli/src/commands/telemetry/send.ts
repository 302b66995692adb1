import { command } from '../../command.ts'
import { UsageError } from '../../exit.ts'
import { typedValue, type Value } from '../../value.ts'

interface Options {
  event_name: string
  properties: Record<string, Value>
}

export const send = command<Options>({
  name: 'send <event> [properties...]',
  summary: 'Record one usage event, to try it out',
  details:
    'Each property is key=value: taken as JSON when it is JSON, else as text. They must hold no health information.',
  examples: [
    ['ward telemetry send schedule.opened', 'an event by itself'],
    ['ward telemetry send schedule.opened view=week ms=120 first=true', 'with facts about it'],
  ],
  parse: (typed) => ({ event_name: typed.arg(0), properties: propertiesOf(typed.args(1)) }),
  async run(context, { event_name, properties }) {
    const client = await context.client()
    const receipt = await client.telemetry.record({ event_name, properties }, { signal: context.io.signal })
    if (context.format !== 'table')
      return context.record(receipt, [{ key: 'accepted', value: (one) => one.accepted }])
    context.status('It is stored.')
  },
})

const propertiesOf = (pairs: readonly string[]): Record<string, Value> =>
  Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=')
      if (at < 1) throw new UsageError(`A property is key=value, not "${pair}"`)
      return [pair.slice(0, at), typedValue(pair.slice(at + 1))]
    }),
  )
