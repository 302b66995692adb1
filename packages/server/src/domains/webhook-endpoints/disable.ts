import type { Mail } from '../../adapters/mail/mail.ts'
import type { Db } from '../../db/scope.ts'
import { paragraphs, sealMail } from '../../jobs/mail.ts'
import type { Services } from '../../services.ts'
import { listMembers } from '../members/queries.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'
import * as queries from './queries.ts'
import { GIVE_UP_MS } from './schedule.ts'

const MOST_ADMINS = 100

/** Only the host: what follows in a URL may be somebody's secret. */
const disabledMail = (
  publicUrl: string,
  organizationId: string,
  host: string,
): Pick<Mail, 'subject' | 'text'> => ({
  subject: 'A webhook endpoint was disabled',
  text: paragraphs(
    `Nothing that was sent to ${host} has arrived for 3 days, so nothing more is sent there.`,
    'Once it works again, enable it; what is still waiting then goes out:',
    `${publicUrl}/organizations/${organizationId}/webhook-endpoints`,
  ),
})

/** Disables an endpoint that has been failing for three days, and tells the ADMINs; once, whoever sees it first. */
export async function disableIfFailing(
  db: Db,
  tools: NotifyTools,
  services: Pick<Services, 'cipher' | 'newId' | 'publicUrl'>,
  { organizationId, endpointId }: { readonly organizationId: string; readonly endpointId: string },
  now: Date,
): Promise<void> {
  const limit = new Date(now.getTime() - GIVE_UP_MS)
  const endpoint = await queries.disableFailing(db, organizationId, endpointId, limit, now)
  if (endpoint === undefined) return
  const { host } = new URL(endpoint.url)
  const admins = await listMembers(db, { organizationId, role: 'ADMIN' }, { after: null, limit: MOST_ADMINS })
  await notify(
    db,
    tools,
    admins.map(({ user_id }) => user_id),
    {
      organization_id: organizationId,
      type: 'admin',
      title: 'A webhook endpoint was disabled',
      body: `Nothing that was sent to ${host} has arrived for 3 days. Enable it once it works again.`,
      action_url: `/organizations/${organizationId}/webhook-endpoints/${endpoint.id}`,
      created_at: now,
    },
  )
  const mail = disabledMail(services.publicUrl(), organizationId, host)
  for (const { email } of admins) tools.enqueue('mail', sealMail(services, { to: email, ...mail }))
}
