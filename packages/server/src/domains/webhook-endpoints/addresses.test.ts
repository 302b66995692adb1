import { describe, expect, test } from 'vitest'
import { isPublicAddress, refuseUrl } from './addresses.ts'

describe('an address that webhooks may go to', () => {
  test.each(['93.184.216.34', '8.8.8.8', '172.15.0.1', '172.32.0.1', '2606:2800:220:1::1', '2a00:1450::1'])(
    'is a public one: %s',
    (address) => expect(isPublicAddress(address)).toBe(true),
  )

  test.each([
    ['loopback', '127.0.0.1'],
    ['loopback, further on', '127.255.255.254'],
    ['loopback, IPv6', '::1'],
    ['private', '10.0.0.1'],
    ['private, 172', '172.16.0.1'],
    ['private, 192', '192.168.1.1'],
    ['the metadata of a cloud', '169.254.169.254'],
    ['shared by a carrier', '100.64.0.1'],
    ['unspecified', '0.0.0.0'],
    ['of this network', '0.1.2.3'],
    ['multicast', '224.0.0.1'],
    ['broadcast', '255.255.255.255'],
    ['reserved', '240.0.0.1'],
    ['for benchmarks', '198.18.0.1'],
    ['for documentation', '192.0.2.1'],
    ['for protocols', '192.0.0.8'],
    ['unspecified, IPv6', '::'],
    ['link-local, IPv6', 'fe80::1'],
    ['link-local with a zone', 'fe80::1%eth0'],
    ['site-local, as it once was', 'fec0::1'],
    ['unique local', 'fd00:ec2::254'],
    ['multicast, IPv6', 'ff02::1'],
    ['IPv4 in IPv6, mapped', '::ffff:127.0.0.1'],
    ['IPv4 in IPv6, mapped, public', '::ffff:8.8.8.8'],
    ['IPv4 in IPv6, compatible', '::127.0.0.1'],
    ['IPv4 in IPv6, translated', '::ffff:0:127.0.0.1'],
    ['NAT64', '64:ff9b::7f00:1'],
    ['NAT64, local', '64:ff9b:1::7f00:1'],
    ['6to4', '2002:7f00:1::'],
    ['Teredo', '2001:0:7f00:1::'],
    ['documentation, IPv6', '2001:db8::1'],
    ['discarded', '100::1'],
    ['segment routing', '5f00::1'],
    ['no address', 'localhost'],
    ['nothing', ''],
  ])('is not %s: %s', (_what, address) => expect(isPublicAddress(address)).toBe(false))
})

describe('a URL that webhooks may go to', () => {
  test.each([
    ['https://hooks.clinic.example/a?b=c', undefined],
    ['https://hooks.clinic.example:8443/', undefined],
    ['https://93.184.216.34/', undefined],
    ['http://hooks.clinic.example/', 'must start with https://'],
    ['ftp://hooks.clinic.example/', 'must start with https://'],
    ['https://a:b@hooks.clinic.example/', 'must hold no credentials'],
    ['https://hooks.clinic.example/#a', 'must have no fragment'],
    ['https://127.0.0.1/', 'must be a public address'],
    ['https://2130706433/', 'must be a public address'],
    ['https://0x7f.1/', 'must be a public address'],
    ['https://0177.0.0.1/', 'must be a public address'],
    ['https://[::1]/', 'must be a public address'],
    ['https://[::ffff:7f00:1]/', 'must be a public address'],
    ['https://１２７.0.0.1/', 'must be a public address'],
    ['https:///', 'must be a URL'],
  ])('%s: %s', (url, refusal) => expect(refuseUrl(url, false)).toBe(refusal))

  test('may be private and plain where configuration allows it', () => {
    expect(refuseUrl('http://127.0.0.1:3000/', true)).toBeUndefined()
    expect(refuseUrl('ftp://127.0.0.1/', true)).toBe('must start with https://')
  })
})
