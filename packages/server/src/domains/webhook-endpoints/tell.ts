import type { Db } from '../../db/scope.ts'
import { paragraphs, sealMail } from '../../jobs/mail.ts'
import type { Services } from '../../services.ts'
import { listMembers } from '../members/queries.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'

const MOST_ADMINS = 100

export type TellServices = Pick<Services, 'cipher' | 'newId' | 'publicUrl'>

interface News {
  readonly title: string
  /** Of the notification. No more of an URL than its host: what follows may be somebody's secret. */
  readonly body: string
  /** Paragraphs; where to look is added. */
  readonly mail: readonly string[]
}

/** Leaves the ADMINs of an organization a notification and a mail about one of its endpoints. */
export async function tellAdmins(
  db: Db,
  tools: NotifyTools,
  services: TellServices,
  { organizationId, endpointId }: { readonly organizationId: string; readonly endpointId: string },
  now: Date,
  { title, body, mail }: News,
): Promise<void> {
  const admins = await listMembers(db, { organizationId, role: 'ADMIN' }, { after: null, limit: MOST_ADMINS })
  const page = `/organizations/${organizationId}/webhook-endpoints`
  await notify(
    db,
    tools,
    admins.map(({ user_id }) => user_id),
    {
      organization_id: organizationId,
      type: 'admin',
      title,
      body,
      action_url: `${page}/${endpointId}`,
      created_at: now,
    },
  )
  const text = paragraphs(...mail, `${services.publicUrl()}${page}`)
  for (const { email } of admins)
    tools.enqueue('mail', sealMail(services, { to: email, subject: title, text }))
}
