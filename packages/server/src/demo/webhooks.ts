import type { ClientBase } from 'pg'
import { newWebhookSecret, secretContext } from '../domains/webhook-endpoints/secrets.ts'
import type { Cipher } from '../security/cipher.ts'
import { insertRows } from './insert.ts'
import type { Cast } from './people.ts'
import type { Random } from './random.ts'
import { DAY, HOUR } from './time.ts'

/** Hosts of a domain that leads nowhere: what the demo publishes itself is not wanted there, so nothing is tried. */
const HOOKS = 'https://hooks.harbor.example'

/** One endpoint that works, with a log; one that was disabled because it did not. */
export async function insertWebhooks(
  client: ClientBase,
  cast: Cast,
  random: Random,
  cipher: Cipher,
  now: Date,
): Promise<void> {
  const [{ id: organization_id }] = cast.organizations
  const ago = (ms: number) => new Date(now.getTime() - ms)
  const [directory, reporting] = [random.uuid(), random.uuid()]
  const endpoint = (id: string, path: string, created: Date) => ({
    id,
    organization_id,
    url: `${HOOKS}/${path}`,
    event_types: ['license.expiring'],
    secret: cipher.encrypt(newWebhookSecret(), secretContext(id)),
    created_at: created,
    updated_at: created,
  })
  await insertRows(client, 'webhook_endpoints', [
    {
      ...endpoint(directory, 'licences', ago(90 * DAY)),
      description: 'Licence reminders for the office',
      disabled_at: null,
      disabled_reason: null,
      failing_since: null,
    },
    {
      ...endpoint(reporting, 'reporting', ago(60 * DAY)),
      description: 'Reporting, on the old server',
      disabled_at: ago(9 * DAY),
      disabled_reason: 'FAILING',
      failing_since: ago(12 * DAY),
    },
  ])
  const [provider] = cast.providers
  const delivery = (endpoint_id: string, days: number, number: number, failed: boolean) => ({
    id: random.uuid(),
    organization_id,
    endpoint_id,
    event_id: `7${number}.${number}`,
    event_type: 'license.expiring',
    payload: {
      organization_id,
      provider_id: provider?.id,
      state: 'MA',
      expiry: ago((days - 30) * DAY)
        .toISOString()
        .slice(0, 10),
      days_left: 30,
    },
    status: failed ? 'FAILED' : 'DELIVERED',
    attempts: failed ? 10 : 1,
    last_attempt_at: ago(days * DAY - (failed ? 72 * HOUR : 400)),
    response_code: failed ? null : 204,
    error: failed ? 'NAME_NOT_RESOLVED' : null,
    latency_ms: failed ? 12 : random.between(40, 180),
    created_at: ago(days * DAY),
    updated_at: ago(days * DAY),
  })
  await insertRows(client, 'webhook_deliveries', [
    ...[26, 19, 12, 5].map((days, n) => delivery(directory, days, 31 + n, false)),
    delivery(reporting, 12, 33, true),
  ])
}
