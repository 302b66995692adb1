import { fullFormats } from 'ajv-formats/dist/formats.js'
import { isSupportedCountry, parsePhoneNumberFromString } from 'libphonenumber-js/max'
import { type Problem, problem } from '../../http/problem.ts'
import type { ContactType } from './queries.ts'

const { email } = fullFormats
const isEmail = (text: string): boolean => email instanceof RegExp && email.test(text)

/** A number in E.164. Undefined for one that cannot exist, and with an extension: nobody dials that automatically. */
function toNumber(text: string, country: string): string | undefined {
  const parsed = parsePhoneNumberFromString(text, {
    ...(isSupportedCountry(country) ? { defaultCountry: country } : {}),
    extract: false,
  })
  return parsed?.isValid() && parsed.ext === undefined ? parsed.number : undefined
}

/**
 * A contact's value as it is kept.
 * @param country whose numbers are understood without a country code
 * @param pointer where it stood in the body
 */
export function normalizeContact(
  type: ContactType,
  text: string,
  country: string,
  pointer: string,
): string | Problem<'VALIDATION_ERROR'> {
  const given = text.trim()
  const value = type === 'EMAIL' ? (isEmail(given) ? given : undefined) : toNumber(given, country)
  if (value !== undefined) return value
  const message =
    type === 'EMAIL' ? 'must be an e-mail address' : 'must be a telephone number without an extension'
  return problem('VALIDATION_ERROR', undefined, { errors: [{ pointer, message }] })
}
