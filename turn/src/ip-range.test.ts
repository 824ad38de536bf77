import { describe, expect, it } from 'vitest'
import { overlaps, parseIpRange } from './ip-range.ts'

const span = (text: string) => {
  const range = parseIpRange(text)
  return range && `${range.first}-${range.last}`
}

describe('ranges of addresses', () => {
  it.each([
    ['10.1.2.3/8', '10.0.0.0-10.255.255.255'],
    ['198.18.0.0/15', '198.18.0.0-198.19.255.255'],
    ['192.0.2.7', '192.0.2.7-192.0.2.7'],
    ['0.0.0.0/0', '0.0.0.0-255.255.255.255'],
    ['::1', '0:0:0:0:0:0:0:1-0:0:0:0:0:0:0:1'],
    ['FC00::/7', 'fc00:0:0:0:0:0:0:0-fdff:ffff:ffff:ffff:ffff:ffff:ffff:ffff'],
    ['::ffff:10.0.0.1/96', '0:0:0:0:0:ffff:0:0-0:0:0:0:0:ffff:ffff:ffff'],
    ['2001:db8:1:2:3:4:5:6/32', '2001:db8:0:0:0:0:0:0-2001:db8:ffff:ffff:ffff:ffff:ffff:ffff'],
  ])('%s is %s', (text, expected) => {
    expect(span(text)).toBe(expected)
  })

  it.each([
    '',
    '10.0.0',
    '10.0.0.0/33',
    '10.0.0.0/-1',
    '10.0.0.0/8/8',
    '::/129',
    'fe80::1%eth0',
    'host',
    '10.0.0.0/x',
  ])('%j is none', (text) => {
    expect(parseIpRange(text)).toBeNull()
  })

  it('overlap or do not', () => {
    const [ten, part, other, six] = ['10.0.0.0/8', '10.9.0.0/16', '11.0.0.0/8', '::/0'].map(parseIpRange)
    if (!ten || !part || !other || !six) throw new Error('not parsed')
    expect([overlaps(ten, part), overlaps(part, ten), overlaps(ten, other), overlaps(ten, six)]).toEqual([
      true,
      true,
      false,
      false,
    ])
  })
})
