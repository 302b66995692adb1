import type { Client, components } from '@wardline/sdk'
import type { OptionSpec } from '../../command.ts'
import type { Context } from '../../context.ts'
import { UsageError } from '../../exit.ts'
import type { Column } from '../../output.ts'
import { isId, nothingNamed } from '../../uuid.ts'

type License = components['schemas']['StateLicense']

/** The id of a provider who was named by id or by NPI. */
export const providerId = async (
  context: Context,
  client: Client,
  org_id: string,
  named: string,
): Promise<string> => {
  if (isId(named)) return named
  if (!/^\d{10}$/.test(named)) throw new UsageError(`"${named}" is neither an id nor an NPI of 10 digits`)
  const { items } = await client.providers.list({ org_id, search: named }, { signal: context.io.signal })
  const found = items.find((one) => one.npi_number === named)
  if (found === undefined) throw nothingNamed(`There is no provider with the NPI ${named} here`)
  return found.id
}

export const LICENSE: OptionSpec = {
  flags: '--license <state:number:expiry>',
  text: 'a licence, such as NY:301245:2027-06-30; may be given several times',
  repeated: true,
}

/** @throws UsageError for one that is not written so; the server knows the states. */
export const parseLicenses = (texts: readonly string[]): License[] =>
  texts.map((text) => {
    const [state = '', license_number = '', expiry = '', ...rest] = text.split(':')
    if (
      !/^[A-Za-z]{2}$/.test(state) ||
      license_number === '' ||
      !/^\d{4}-\d\d-\d\d$/.test(expiry) ||
      rest.length > 0
    )
      throw new UsageError(`--license must be like NY:301245:2027-06-30, not "${text}"`)
    return { state: state.toUpperCase() as License['state'], license_number, expiry }
  })

const licensesOf = ({ state_licenses }: { state_licenses: readonly License[] }): string =>
  state_licenses.map(({ state, expiry }) => `${state} until ${expiry}`).join(', ')

export const providerColumns: readonly Column<components['schemas']['Provider']>[] = [
  { key: 'id', value: (one) => one.id },
  { key: 'name', value: (one) => one.display_name, shrink: true },
  { key: 'npi', value: (one) => one.npi_number },
  { key: 'specialty', value: (one) => one.specialty },
  {
    key: 'licensed',
    value: (one) => (one.is_licensed ? 'yes' : 'no'),
    paint: (text, one, style) => (one.is_licensed ? text : style.red(text)),
  },
  { key: 'licenses', value: licensesOf },
]

export const providerFields: readonly Column<components['schemas']['ProviderDetail']>[] = [
  ...providerColumns,
  { key: 'dea', value: (one) => one.dea_number },
  { key: 'version', value: (one) => one.version },
]
