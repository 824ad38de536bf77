import { describe, expect, it } from 'vitest'
import { addressForLog, addressKey, clientAddress } from './address.ts'
import { isProxyRange, trustIn } from './trusted-proxies.ts'

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

describe('[SG23] the client behind a proxy', () => {
  const one = ['192.0.2.7']
  const ranges = ['10.0.0.0/8', '2001:db8:1::/48']
  it.each([
    ['no proxy is trusted', '192.0.2.7', '198.51.100.1', [], '192.0.2.7'],
    ['this one is not', '192.0.2.8', '198.51.100.1', one, '192.0.2.8'],
    ['this one is', '192.0.2.7', '203.0.113.5, 198.51.100.1', one, '198.51.100.1'],
    ['it says nothing', '192.0.2.7', undefined, one, '192.0.2.7'],
    ['it says nonsense', '192.0.2.7', 'evil', one, '192.0.2.7'],
    ['it says an empty list', '192.0.2.7', ',,', one, '192.0.2.7'],
    ['the socket is dual-stack', '::ffff:192.0.2.7', '198.51.100.1', one, '198.51.100.1'],
    ['the address has a zone', 'fe80::1%eth0', undefined, [], 'fe80::1'],
    ['it is of a range', '10.9.8.7', '198.51.100.1', ranges, '198.51.100.1'],
    ['it is just outside of a range', '11.0.0.0', '198.51.100.1', ranges, '11.0.0.0'],
    ['it is of a range of IPv6', '2001:DB8:1:2::3', '2001:db8:9::9', ranges, '2001:db8:9::9'],
    ['there are several', '10.0.0.1', '203.0.113.5, 198.51.100.1, 10.0.0.2', ranges, '198.51.100.1'],
    ['the client says that it is a proxy', '10.0.0.1', '10.0.0.3, 198.51.100.1', ranges, '198.51.100.1'],
    ['all are proxies', '10.0.0.1', '10.0.0.3, 10.0.0.2', ranges, '10.0.0.3'],
    ['one in between says nonsense', '10.0.0.1', '203.0.113.5, x, 10.0.0.2', ranges, '10.0.0.2'],
  ])('when %s', (_, remote, forwardedFor, trusted, client) =>
    expect(clientAddress(remote, forwardedFor, trustIn(trusted))).toBe(client),
  )

  it.each(['192.0.2.7', '192.0.2.0/24', '0.0.0.0/0', '::1', '2001:DB8::/32', '::/0'])('may be %s', (range) =>
    expect(isProxyRange(range)).toBe(true),
  )

  it.each([
    '',
    '192.0.2',
    '192.0.2.0/33',
    '::/129',
    '192.0.2.0/',
    '192.0.2.0/-1',
    'proxy.example',
    '1.2.3.4/8/8',
  ])('may not be %j', (range) => {
    expect(isProxyRange(range)).toBe(false)
    expect(() => trustIn([range])).toThrow(RangeError)
  })
})
