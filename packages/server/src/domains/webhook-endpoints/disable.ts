import type { Db } from '../../db/scope.ts'
import type { NotifyTools } from '../notifications/notify.ts'
import * as queries from './queries.ts'
import { GIVE_UP_MS } from './schedule.ts'
import { type TellServices, tellAdmins } from './tell.ts'

interface Attempted {
  readonly organizationId: string
  readonly endpointId: string
  /** Where the attempt went: the endpoint may have moved meanwhile. */
  readonly url: string
}

const TITLE = 'A webhook endpoint was disabled'

/** Disables an endpoint that has been failing for three days, and tells the ADMINs; once, whoever sees it first. */
export async function disableIfFailing(
  db: Db,
  tools: NotifyTools,
  services: TellServices,
  { organizationId, endpointId }: Attempted,
  now: Date,
): Promise<void> {
  const limit = new Date(now.getTime() - GIVE_UP_MS)
  const endpoint = await queries.disableFailing(db, organizationId, endpointId, limit, now)
  if (endpoint === undefined) return
  const { host } = new URL(endpoint.url)
  await tellAdmins(db, tools, services, { organizationId, endpointId }, now, {
    title: TITLE,
    body: `Nothing that was sent to ${host} has arrived for 3 days. Enable it once it works again.`,
    mail: [
      `Nothing that was sent to ${host} has arrived for 3 days, so nothing more is sent there.`,
      'Once it works again, enable it; what is still waiting then goes out:',
    ],
  })
}

/** Disables an endpoint that answered 410 Gone, and tells the ADMINs; once, whoever sees it first. */
export async function disableGone(
  db: Db,
  tools: NotifyTools,
  services: TellServices,
  { organizationId, endpointId, url }: Attempted,
  now: Date,
): Promise<void> {
  const endpoint = await queries.disableGone(db, organizationId, endpointId, url, now)
  if (endpoint === undefined) return
  const { host } = new URL(endpoint.url)
  await tellAdmins(db, tools, services, { organizationId, endpointId }, now, {
    title: TITLE,
    body: `${host} answered 410 Gone. Delete the endpoint, or give it its new address and enable it.`,
    mail: [
      `${host} answered that the endpoint is gone for good (410), so nothing more is sent there.`,
      'Delete it, or give it its new address and enable it; what is still waiting then goes out:',
    ],
  })
}
