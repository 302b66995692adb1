import type { Client } from '@wardline/sdk'
import { type AnyCommand, type CommandSpec, command, type OptionSpec } from '../../command.ts'
import type { Context } from '../../context.ts'
import { ORG } from '../../organization.ts'
import { nothingNamed } from '../../uuid.ts'
import { patientId } from '../patients/shared.ts'

export const PATIENT: OptionSpec = {
  flags: '--patient <patient>',
  text: 'a patient’s own subscription: an id, a record number, or me',
}
const RETURN_URL: OptionSpec = {
  flags: '--return-url <url>',
  text: 'where the page leads back to; an address that the server trusts',
}
const OPEN: OptionSpec = { flags: '--open', text: 'open it in the browser' }

/** Whose subscription: a patient's, or the organization's. */
interface Whose {
  readonly org_id: string
  readonly patient_id: string | undefined
}

export const whose = async (
  context: Context,
  client: Client,
  org: string | undefined,
  patient: string | undefined,
): Promise<Whose> => {
  const org_id = await context.organization(org)
  if (patient === undefined) return { org_id, patient_id: undefined }
  if (patient !== 'me') return { org_id, patient_id: await patientId(context, client, org_id, patient) }
  const { patient_profile: own } = await client.users.me({}, { signal: context.io.signal })
  if (own === null) throw nothingNamed('You are no patient here')
  return { org_id, patient_id: own.patient_id }
}

interface PageOptions {
  readonly org: string | undefined
  readonly patient: string | undefined
  readonly return_url: string | undefined
  readonly open: boolean
}

interface PageSpec extends Pick<CommandSpec<PageOptions>, 'name' | 'summary' | 'details' | 'examples'> {
  /** What to know of a page that is there. */
  readonly hint: string
  make(
    client: Client,
    whose: Whose & { readonly return_url: string | undefined },
    options: { readonly signal: AbortSignal },
  ): Promise<{ url: string }>
}

/** A command that makes a page at Stripe, prints its address, and opens it when that is asked for. */
export const pageCommand = ({ hint, make, ...spec }: PageSpec): AnyCommand =>
  command<PageOptions>({
    ...spec,
    options: [PATIENT, RETURN_URL, OPEN, ORG],
    parse: (typed) => ({
      org: typed.text('org'),
      patient: typed.text('patient'),
      return_url: typed.text('returnUrl'),
      open: typed.flag('open'),
    }),
    async run(context, { org, patient, return_url, open }) {
      const client = await context.client()
      const { org_id, patient_id } = await whose(context, client, org, patient)
      const page = await make(client, { org_id, patient_id, return_url }, { signal: context.io.signal })
      if (context.format === 'table') context.print(`${page.url}\n`)
      else context.record(page, [{ key: 'url', value: (one) => one.url }])
      context.status(hint)
      if (!open) return
      const { openPage } = await import('../../browser.ts')
      await openPage(page.url).catch((error: unknown) => {
        const why = error instanceof Error ? error.message : String(error)
        context.warn(`It could not be opened (${why}); open it yourself.`)
        context.exitCode = 1
      })
    },
  })
