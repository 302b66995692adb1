import { Ajv2020 } from 'ajv/dist/2020.js'
import { withFormats } from '../../packages/server/src/http/validate.ts'
import { contract } from './contract.ts'
import type { World } from './world.ts'

/** A row of the outbox. */
export interface Published {
  type: string
  user: string | null
  organization: string | null
  support: boolean
  data: Record<string, unknown>
}

const ajv = withFormats(new Ajv2020({ strict: false }))
ajv.addSchema(contract, 'contract')
const isEvent = ajv.compile({ $ref: 'contract#/components/schemas/StreamEvent' })

/**
 * What was published about something, in order: events whose data holds `id`. Throws for one that the contract
 * does not know or that carries more than it says.
 */
export async function published(world: World, id: string): Promise<Published[]> {
  const { rows } = await world.admin.query<Published>(
    `select type, user_id as "user", organization_id as organization, to_support as support, payload as data
     from events where strpos(payload::text, $1) > 0 order by id`,
    [id],
  )
  for (const { type, data } of rows)
    if (!isEvent({ id: '1.1', event: type, data }))
      throw new Error(`${type} breaks its schema: ${ajv.errorsText(isEvent.errors)}`)
  // Every event says when it happened, as the schema wants; tests compare what it says besides.
  return rows.map(({ data: { occurred_at: _, ...data }, ...row }) => ({ ...row, data }))
}

/** What was left with a person, oldest first, with the data of the events that announced it. */
export async function notified(world: World, userId: string): Promise<Record<string, unknown>[]> {
  const { rows } = await world.admin.query(
    `select n.id, n.type, n.title, n.body, n.action_url, n.organization_id, n.metadata,
       (select count(*)::int from events e where e.type = 'notification.new' and e.user_id = n.user_id
         and e.payload - 'occurred_at' = jsonb_build_object('notification_id', n.id, 'type', n.type)) as announced
     from notifications n where n.user_id = $1 order by n.created_at, n.id`,
    [userId],
  )
  return rows
}
