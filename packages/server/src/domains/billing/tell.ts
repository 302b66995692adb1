import type { Mail } from '../../adapters/mail/mail.ts'
import type { Db } from '../../db/scope.ts'
import { paragraphs, sealMail } from '../../jobs/mail.ts'
import type { Services } from '../../services.ts'
import { listMembers } from '../members/queries.ts'
import { type NotifyTools, notify } from '../notifications/notify.ts'

const MOST_ADMINS = 100

/** What ADMINs are told of their organization's subscription. */
export type News = 'PAST_DUE' | 'CANCELED' | 'RENEWED' | 'SOON' | 'ENDED'

const day = (instant: string, timeZone: string): string =>
  new Date(instant).toLocaleString('en-US', {
    timeZone,
    dateStyle: 'long',
    timeStyle: 'short',
  })

const readable = 'Everything can still be read.'

const closing = (until: string | undefined): string =>
  until === undefined
    ? 'Nothing of patients can be written'
    : `Until ${until} nothing changes; from then on nothing of patients can be written`

/** @param until undefined when that is over */
const TEXTS: Record<News, (until: string | undefined) => { title: string; body: string }> = {
  PAST_DUE: (until) => ({
    title: 'A payment failed',
    body: `The subscription of your organization could not be paid. ${closing(until)} until it is paid. ${readable}`,
  }),
  CANCELED: (until) => ({
    title: 'The subscription has ended',
    body: `The subscription of your organization has ended. ${closing(until)} until you subscribe again. ${readable}`,
  }),
  RENEWED: () => ({
    title: 'The subscription is paid',
    body: 'The subscription of your organization is paid. Everything can be read and written.',
  }),
  SOON: (until) => ({
    title: 'Writing about patients ends soon',
    body: `The subscription of your organization is not paid. From ${until} on nothing of patients can be written until it is. ${readable}`,
  }),
  ENDED: () => ({
    title: 'Writing about patients has ended',
    body: `The subscription of your organization was not paid for seven days, so nothing of patients can be written now. It opens again once it is paid. ${readable}`,
  }),
}

interface Told {
  readonly id: string
  readonly timezone: string
}

/** Tells every ADMIN, in the app and by mail: whoever pays seldom signs in. In the scope of the organization. */
export async function tellAdmins(
  db: Db,
  tools: NotifyTools,
  services: Pick<Services, 'cipher' | 'newId' | 'publicUrl'>,
  organization: Told,
  news: News,
  until: string | null,
  now: Date,
): Promise<void> {
  const { id } = organization
  const isOver = until === null || Date.parse(until) <= now.getTime()
  const { title, body } = TEXTS[news](isOver ? undefined : day(until, organization.timezone))
  const admins = await listMembers(
    db,
    { organizationId: id, role: 'ADMIN' },
    { after: null, limit: MOST_ADMINS },
  )
  await notify(
    db,
    tools,
    admins.map(({ user_id }) => user_id),
    {
      organization_id: id,
      type: 'billing',
      title,
      body,
      action_url: `/organizations/${id}/billing`,
      created_at: now,
    },
  )
  const mail: Pick<Mail, 'subject' | 'text'> = {
    subject: title,
    text: paragraphs(body, 'Your subscription:', `${services.publicUrl()}/organizations/${id}/billing`),
  }
  for (const { email } of admins) tools.enqueue('mail', sealMail(services, { to: email, ...mail }))
}
