import type { components } from '../../generated/contract.ts'
import type { ApiKey, Person } from '../../http/actor.ts'
import { type Problem, problem } from '../../http/problem.ts'

/** The Luhn formula over "80840" and the ten digits, as the NPI standard (ISO/IEC 7812) has it. */
export function isNpi(npi: string): boolean {
  const sum = [...`80840${npi}`].toReversed().reduce((total, char, index) => {
    const value = index % 2 === 1 ? Number(char) * 2 : Number(char)
    return total + (value > 9 ? value - 9 : value)
  }, 0)
  return /^[12]\d{9}$/.test(npi) && sum % 10 === 0
}

/** Two letters, six digits, and the last digit of: first, third and fifth, and twice the second, fourth and sixth. */
export function isDea(dea: string): boolean {
  const digits = [...dea.slice(2)].map(Number)
  const sum = digits.slice(0, 6).reduce((total, digit, index) => total + digit * (index % 2 === 0 ? 1 : 2), 0)
  return /^[A-Z][A-Z9]\d{7}$/.test(dea) && sum % 10 === digits[6]
}

type License = components['schemas']['StateLicense']

interface Checked {
  readonly npi_number?: string
  readonly dea_number?: string | null
  readonly state_licenses?: readonly License[]
}

/** What the schema cannot say: check digits, and one licence a state. */
export function refuseProvider(body: Checked): Problem<'VALIDATION_ERROR'> | undefined {
  const { npi_number: npi, dea_number: dea, state_licenses: licenses = [] } = body
  const errors = licenses.flatMap(({ state }, index) =>
    licenses.findIndex((other) => other.state === state) < index
      ? [{ pointer: `/state_licenses/${index}/state`, message: `there is a licence of ${state} already` }]
      : [],
  )
  if (npi !== undefined && !isNpi(npi))
    errors.push({ pointer: '/npi_number', message: 'is not an NPI: the check digit does not fit' })
  if (typeof dea === 'string' && !isDea(dea))
    errors.push({ pointer: '/dea_number', message: 'is not a DEA number: the check digit does not fit' })
  return errors.length > 0 ? problem('VALIDATION_ERROR', undefined, { errors }) : undefined
}

const isSelf = (actor: Person | ApiKey, userId: string): boolean =>
  actor.kind === 'person' && actor.impersonation === null && actor.userId === userId

const isAdmin = ({ as }: Person | ApiKey): boolean => as.kind === 'member' && as.role === 'ADMIN'

/** ADMINs and the provider; everybody else gets null. */
export const seesDea = (actor: Person | ApiKey, userId: string): boolean =>
  isAdmin(actor) || isSelf(actor, userId)

/** ADMINs change every profile, a provider the own one. */
export const refuseOthersProfile = (
  actor: Person | ApiKey,
  userId: string,
): Problem<'FORBIDDEN'> | undefined =>
  isAdmin(actor) || isSelf(actor, userId)
    ? undefined
    : problem('FORBIDDEN', 'Providers change their own profile, ADMINs every one.')
