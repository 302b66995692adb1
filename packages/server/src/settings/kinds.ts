import { isIP } from 'node:net'
import type { Config, OidcIssuer, RateLimit } from '../config.ts'
import { isRecord } from '../is-record.ts'

/** What a text should have been: the sentence goes on after "NAME must be". */
export class Wrong {
  readonly expected: string

  constructor(expected: string) {
    this.expected = expected
  }
}

/** How the text of a setting becomes its value. */
export type Kind<T> = (text: string) => T | Wrong

/** Anything: a path, a name, a key. */
export const text: Kind<string> = (value) => value

/** A whole number within bounds, both included. */
export const integer =
  (min: number, max: number): Kind<number> =>
  (value) => {
    const number = /^\d{1,15}$/.test(value) ? Number(value) : Number.NaN
    return number >= min && number <= max
      ? number
      : new Wrong(`a whole number from ${min} to ${max}, not "${value}"`)
  }

/** A part of a whole. */
export const share: Kind<number> = (value) => {
  const number = /^(?:0|1|0?\.\d{1,9}|1\.0{1,9})$/.test(value) ? Number(value) : Number.NaN
  return number >= 0 && number <= 1 ? number : new Wrong(`a number from 0 to 1, not "${value}"`)
}

const HEADER_NAME = /^[\w!#$%&'*+.^`|~-]+$/

/** Headers as OpenTelemetry writes them: `name=value,name=value`. They carry keys, so the sentence repeats nothing. */
export const headers: Kind<Readonly<Record<string, string>>> = (value) => {
  const pairs = value.split(',').map((pair) => {
    const at = pair.indexOf('=')
    return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()] as const
  })
  const wrong = new Wrong('a list such as name=value,name=value, with percent-encoded values')
  if (pairs.some(([name]) => !HEADER_NAME.test(name))) return wrong
  try {
    return Object.fromEntries(pairs.map(([name, text]) => [name.toLowerCase(), decodeURIComponent(text)]))
  } catch {
    return wrong
  }
}

/** One of a closed set of words. */
export const choice =
  <const T extends string>(...choices: readonly T[]): Kind<T> =>
  (value) =>
    choices.find((known) => known === value) ?? new Wrong(`one of ${choices.join(', ')}`)

/** Two words, of which the first means yes. */
export const toggle =
  (yes: string, no: string): Kind<boolean> =>
  (value) =>
    value === yes ? true : value === no ? false : new Wrong(`one of ${yes}, ${no}`)

/** The value is not repeated in the sentence: URLs carry passwords. */
export const url =
  (...protocols: readonly string[]): Kind<string> =>
  (value) =>
    URL.canParse(value) && protocols.includes(new URL(value).protocol)
      ? value
      : new Wrong(`a URL that starts with ${protocols.map((protocol) => `${protocol}//`).join(' or ')}`)

/** The address of a web server, without a trailing slash. */
export const webAddress: Kind<string> = (value) => {
  const address = url('https:', 'http:')(value)
  return address instanceof Wrong ? address : address.replace(/\/+$/, '')
}

const LOOPBACK = new Set(['localhost', '127.0.0.1', '[::1]'])

/** Where secrets and health information are sent: over plain HTTP they are anybody's, except on this machine. */
export const secureAddress: Kind<string> = (value) => {
  const { protocol, hostname, search, hash, username } = URL.canParse(value)
    ? new URL(value)
    : new URL('about:blank')
  const isSafe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname))
  return isSafe && search === '' && hash === '' && username === ''
    ? value.replace(/\/+$/, '')
    : new Wrong('an https address without credentials, query or fragment')
}

/** A text of a known form; it is not repeated in the sentence, for a secret may stand in its place by mistake. */
export const matching =
  (pattern: RegExp, expected: string): Kind<string> =>
  (value) =>
    pattern.test(value) ? value : new Wrong(expected)

const UNIT_SECONDS = { s: 1, m: 60, h: 3600 } as const

export const rateLimit: Kind<RateLimit> = (value) => {
  const [, count, span, unit] = /^([1-9]\d{0,6})\/([1-9]\d{0,3})?([smh])$/.exec(value) ?? []
  return count !== undefined && (unit === 's' || unit === 'm' || unit === 'h')
    ? { points: Number(count), windowSeconds: Number(span ?? 1) * UNIT_SECONDS[unit] }
    : new Wrong(`a number of requests per time such as 600/1m or 5/1h, not "${value}"`)
}

const split = (value: string): string[] =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '')

/** Several texts of a known form, separated by commas. */
export const listOf =
  (pattern: RegExp, expected: string): Kind<readonly string[]> =>
  (value) => {
    const list = split(value)
    return list.length > 0 && list.every((one) => pattern.test(one)) ? list : new Wrong(expected)
  }

/** Web origins, separated by commas. */
export const origins: Kind<readonly string[]> = (value) => {
  const list = split(value)
  const wrong = list.find((origin) => !URL.canParse(origin) || new URL(origin).origin !== origin)
  return wrong === undefined
    ? list
    : new Wrong(`a list of origins such as https://app.example.com, not "${wrong}"`)
}

function isAddressOrRange(value: string): boolean {
  const [address = '', bits, ...rest] = value.split('/')
  const version = isIP(address)
  if (version === 0 || rest.length > 0) return false
  return bits === undefined || (/^\d{1,3}$/.test(bits) && Number(bits) <= (version === 4 ? 32 : 128))
}

/** A number of proxies, or who they are. "true" would let every caller choose its own address, and with it its rate limit. */
export const proxies: Kind<Config['trustProxy']> = (value) => {
  if (value === 'false') return false
  if (/^[1-9]$/.test(value)) return Number(value)
  const addresses = split(value)
  return addresses.length > 0 && addresses.every(isAddressOrRange)
    ? addresses
    : new Wrong('the number of proxies in front (1 to 9) or a list of their addresses')
}

/** Who mail is from: an address, with or without a name before it. */
export const sender: Kind<string> = (value) =>
  /^(?:[^<>\p{Cc}]* <[^\s<>,@]+@[^\s<>,@]+>|[^\s<>,@]+@[^\s<>,@]+)$/u.test(value)
    ? value
    : new Wrong('an address such as Clinic <mail@clinic.example>')

/** As Docker Compose and the like write it: tcp://host:3310. */
export const tcpAddress =
  (standardPort: number): Kind<{ readonly host: string; readonly port: number }> =>
  (value) => {
    const address = url('tcp:')(value)
    if (address instanceof Wrong) return address
    const { hostname, port } = new URL(address)
    return hostname === ''
      ? new Wrong(`an address such as tcp://127.0.0.1:${standardPort}`)
      : { host: hostname.replace(/^\[|\]$/g, ''), port: port === '' ? standardPort : Number(port) }
  }

const isTextList = (value: unknown): value is string[] =>
  Array.isArray(value) && value.every((item) => typeof item === 'string' && item !== '')

/** Keys that come over plain HTTP are anybody's, except on this machine. */
const isIssuerUrl = (value: string): boolean => {
  if (!URL.canParse(value)) return false
  const { protocol, hostname, search, hash } = new URL(value)
  const safe = protocol === 'https:' || (protocol === 'http:' && LOOPBACK.has(hostname))
  return safe && search === '' && hash === ''
}

function toIssuer(value: unknown): OidcIssuer | undefined {
  if (!isRecord(value)) return undefined
  const { issuer, audience, trusted_mfa: trustedMfa = [], ...unknown } = value
  const audiences = typeof audience === 'string' ? [audience] : audience
  if (typeof issuer !== 'string' || !isIssuerUrl(issuer) || Object.keys(unknown).length > 0) return undefined
  if (!isTextList(audiences) || audiences.length === 0 || !isTextList(trustedMfa)) return undefined
  return { issuer, audiences, trustedMfa }
}

/** OpenID Connect issuers, as JSON. */
export const issuers: Kind<readonly OidcIssuer[]> = (value) => {
  let parsed: unknown
  try {
    parsed = JSON.parse(value)
  } catch {
    parsed = undefined
  }
  const list = Array.isArray(parsed) ? parsed.map(toIssuer) : [undefined]
  const known = list.filter((one) => one !== undefined)
  const distinct = new Set(known.map(({ issuer }) => issuer)).size === list.length
  return known.length === list.length && distinct
    ? known
    : new Wrong(
        'a JSON list such as [{"issuer": "https://login.example.com", "audience": "wardline", "trusted_mfa": ["mfa"]}], each issuer once, over https',
      )
}
