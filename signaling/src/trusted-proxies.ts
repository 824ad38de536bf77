/** Whose `X-Forwarded-For` is believed: addresses and CIDR ranges (RFC 4632 §3.1, RFC 4291 §2.3). Pure. */
import { BlockList, isIP } from 'node:net'

export type IsTrustedProxy = (address: string) => boolean

const FAMILY = { 4: 'ipv4', 6: 'ipv6' } as const

function addTo(list: BlockList, item: string): boolean {
  const [, address = '', prefix] = /^([0-9a-f.:]+)(?:\/(\d{1,3}))?$/i.exec(item) ?? []
  const version = isIP(address)
  if (version !== 4 && version !== 6) return false
  const bits = version === 4 ? 32 : 128
  if (prefix !== undefined && Number(prefix) > bits) return false
  list.addSubnet(address, Number(prefix ?? bits), FAMILY[version])
  return true
}

export function isProxyRange(item: string): boolean {
  return addTo(new BlockList(), item)
}

/** `ranges` are those that {@link isProxyRange} accepts. */
export function trustIn(ranges: readonly string[]): IsTrustedProxy {
  const list = new BlockList()
  for (const range of ranges) {
    if (!addTo(list, range)) throw new RangeError('not an address or range')
  }
  return (address) => {
    const version = isIP(address)
    return (version === 4 || version === 6) && list.check(address, FAMILY[version])
  }
}
