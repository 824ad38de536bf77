import { describe, expect, it } from 'vitest'
import { addressForLog, addressKey, clientAddress } from './address.ts'

describe('[F8] who counts as one', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::9', '2001:db8:1:2::/64'],
    ['2001:db8::9', '2001:db8:0:0::/64'],
    ['::1', '0:0:0:0::/64'],
  ])('%s is %s', (address, key) => expect(addressKey(address)).toBe(key))
})

it.each([
  ['192.0.2.7', '192.0.2.0/24'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1::/48'],
  ['unknown', 'unknown'],
])('logs %s as %s', (address, logged) => expect(addressForLog(address)).toBe(logged))

describe('the client behind a proxy', () => {
  it.each([
    ['no proxy is trusted', '192.0.2.7', '198.51.100.1', [], '192.0.2.7'],
    ['this one is', '192.0.2.7', '203.0.113.5, 198.51.100.1', ['192.0.2.7'], '198.51.100.1'],
    ['it says nothing', '192.0.2.7', undefined, ['192.0.2.7'], '192.0.2.7'],
    ['it says nonsense', '192.0.2.7', 'evil', ['192.0.2.7'], '192.0.2.7'],
    ['the socket is dual-stack', '::ffff:192.0.2.7', '198.51.100.1', ['192.0.2.7'], '198.51.100.1'],
    ['the address has a zone', 'fe80::1%eth0', undefined, [], 'fe80::1'],
  ])('when %s', (_, remote, forwardedFor, trusted, client) =>
    expect(clientAddress(remote, forwardedFor, trusted)).toBe(client),
  )
})
