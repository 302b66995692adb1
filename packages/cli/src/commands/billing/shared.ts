import type { Client } from '@wardline/sdk'
import type { OptionSpec, Typed } from '../../command.ts'
import type { Context } from '../../context.ts'
import { nothingNamed } from '../../uuid.ts'
import { patientId } from '../patients/shared.ts'

export const PATIENT: OptionSpec = {
  flags: '--patient <patient>',
  text: 'a patient’s own subscription: an id, a record number, or me',
}
export const RETURN_URL: OptionSpec = {
  flags: '--return-url <url>',
  text: 'where the page leads back to; an address that the server trusts',
}
export const OPEN: OptionSpec = { flags: '--open', text: 'open it in the browser' }

/** Whose subscription: a patient's, or the organization's. */
export interface Whose {
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

export interface PageOptions {
  readonly org: string | undefined
  readonly patient: string | undefined
  readonly return_url: string | undefined
  readonly open: boolean
}

export const parsePage = (typed: Typed): PageOptions => ({
  org: typed.text('org'),
  patient: typed.text('patient'),
  return_url: typed.text('returnUrl'),
  open: typed.flag('open'),
})

/** Prints the address of a page, and opens it when that was asked for. */
export const showPage = async <Page extends { url: string }>(
  context: Context,
  page: Page,
  wantsOpen: boolean,
  hint: string,
): Promise<void> => {
  if (context.format === 'table') context.print(`${page.url}\n`)
  else context.record(page, [{ key: 'url', value: (one) => one.url }])
  context.status(hint)
  if (!wantsOpen) return
  const { openPage } = await import('../../browser.ts')
  await openPage(page.url).catch((error: unknown) => {
    const why = error instanceof Error ? error.message : String(error)
    context.warn(`It could not be opened (${why}); open it yourself.`)
    context.exitCode = 1
  })
}
