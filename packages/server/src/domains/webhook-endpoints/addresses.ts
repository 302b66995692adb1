import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

const GLOBAL_UNICAST = ipaddr.IPv6.parseCIDR('2000::/3')

/**
 * Whether an address is one of the public Internet. Everything special is not: private, loopback, link-local, shared,
 * multicast, unspecified, documentation and the like, and IPv6 that stands for an IPv4 address (mapped, NAT64, 6to4,
 * Teredo), which would be a way around.
 */
export function isPublicAddress(text: string): boolean {
  if (!ipaddr.isValid(text)) return false
  const address = ipaddr.parse(text)
  if (address.range() !== 'unicast') return false
  return address instanceof ipaddr.IPv4 || address.match(GLOBAL_UNICAST)
}

/** Why nothing may be sent to this URL; undefined when the name in it is still to be resolved, and that decides. */
export function refuseUrl(text: string, allowPrivate: boolean): string | undefined {
  if (!URL.canParse(text)) return 'must be a URL'
  const { protocol, hostname, username, password, hash } = new URL(text)
  if (username !== '' || password !== '') return 'must hold no credentials'
  if (hash !== '') return 'must have no fragment'
  if (protocol !== 'https:' && !(protocol === 'http:' && allowPrivate)) return 'must start with https://'
  // The parser has made 0x7f.1 and the like plain; an address is resolved by nobody, so it is looked at here.
  const host = hostname.replace(/^\[|\]$/g, '')
  if (!allowPrivate && isIP(host) !== 0 && !isPublicAddress(host)) return 'must be a public address'
  return undefined
}
