/**
 * Every range that is not a place on the public Internet: IANA's special-purpose registries for IPv4 and IPv6 (RFC 6890,
 * RFC 8190 and what came after), and multicast. A relay that reaches them is a way into the operator's own network.
 */
import { type IpRange, parseIpRange } from './ip-range.ts'

export interface SpecialRange extends IpRange {
  /** What it is, and who says so. */
  readonly what: string
}

/** CIDR → what it is. */
const REGISTRY = {
  '0.0.0.0/8': 'this network (RFC 791)',
  '10.0.0.0/8': 'private use (RFC 1918)',
  '100.64.0.0/10': 'shared address space of carriers (RFC 6598)',
  '127.0.0.0/8': 'loopback (RFC 1122)',
  '169.254.0.0/16': 'link local, and metadata of clouds (RFC 3927)',
  '172.16.0.0/12': 'private use (RFC 1918)',
  '192.0.0.0/24': 'protocol assignments (RFC 6890)',
  '192.0.2.0/24': 'documentation (RFC 5737)',
  '192.31.196.0/24': 'AS112 (RFC 7535)',
  '192.52.193.0/24': 'AMT (RFC 7450)',
  '192.88.99.0/24': 'former 6to4 relays (RFC 7526)',
  '192.168.0.0/16': 'private use (RFC 1918)',
  '192.175.48.0/24': 'AS112 (RFC 7534)',
  '198.18.0.0/15': 'benchmarking (RFC 2544)',
  '198.51.100.0/24': 'documentation (RFC 5737)',
  '203.0.113.0/24': 'documentation (RFC 5737)',
  '224.0.0.0/4': 'multicast (RFC 5771)',
  '240.0.0.0/4': 'reserved, and broadcast (RFC 1112, RFC 919)',
  '::/96': 'unspecified, loopback, IPv4-compatible (RFC 4291)',
  '::ffff:0:0/96': 'IPv4-mapped (RFC 4291)',
  '::ffff:0:0:0/96': 'IPv4-translated (RFC 2765)',
  '64:ff9b::/96': 'IPv4 behind a translator (RFC 6052)',
  '64:ff9b:1::/48': 'IPv4 behind a local translator (RFC 8215)',
  '100::/64': 'discard only (RFC 6666)',
  '100:0:0:1::/64': 'dummy prefix (RFC 9780)',
  '2001::/23': 'protocol assignments: Teredo, ORCHID and others (RFC 2928)',
  '2001:db8::/32': 'documentation (RFC 3849)',
  '2002::/16': '6to4, which carries IPv4 addresses (RFC 3056)',
  '2620:4f:8000::/48': 'AS112 (RFC 7534)',
  '3fff::/20': 'documentation (RFC 9637)',
  '5f00::/16': 'segment routing (RFC 9602)',
  'fc00::/7': 'unique local (RFC 4193)',
  'fe80::/10': 'link local (RFC 4291)',
  'fec0::/10': 'former site local (RFC 3879)',
  'ff00::/8': 'multicast (RFC 4291)',
} as const satisfies Readonly<Record<string, string>>

export const SPECIAL_RANGES: readonly SpecialRange[] = Object.entries(REGISTRY).map(([cidr, what]) => {
  const range = parseIpRange(cidr)
  if (!range) throw new Error(`not a range: ${cidr}`)
  return { ...range, what }
})
