/** Ranges of addresses as CIDR names them (RFC 4632 §3.1, RFC 4291 §2.3), and as coturn reads them: first-last. Pure. */
import { isIP } from 'node:net'

export interface IpRange {
  readonly cidr: string
  readonly family: 4 | 6
  readonly first: string
  readonly last: string
}

function parseV4(text: string): bigint {
  return text.split('.').reduce((value, part) => value * 256n + BigInt(part), 0n)
}

/** `text` is a valid IPv6 address without zone; one that ends in dotted IPv4 too. */
function parseV6(text: string): bigint {
  const dotted = /^(.*:)(\d+\.\d+\.\d+\.\d+)$/.exec(text)
  const v4 = parseV4(dotted?.[2] ?? '0.0.0.0')
  const plain = dotted ? `${dotted[1]}${(v4 >> 16n).toString(16)}:${(v4 & 0xffffn).toString(16)}` : text
  const [head = '', tail] = plain.split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const zeros = new Array<string>(8 - left.length - right.length).fill('0')
  return [...left, ...zeros, ...right].reduce((value, group) => (value << 16n) + BigInt(`0x${group}`), 0n)
}

function formatV4(value: bigint): string {
  return [24n, 16n, 8n, 0n].map((shift) => String((value >> shift) & 255n)).join('.')
}

function formatV6(value: bigint): string {
  return Array.from({ length: 8 }, (_, i) => ((value >> BigInt(112 - 16 * i)) & 0xffffn).toString(16)).join(
    ':',
  )
}

/** An address alone is a range of one. `null` for whatever is neither; bits behind the prefix do not count. */
export function parseIpRange(text: string): IpRange | null {
  const [address = '', prefixText, more] = text.trim().toLowerCase().split('/', 3)
  const family = isIP(address)
  if (family === 0 || more !== undefined || address.includes('%')) return null
  const bits = family === 4 ? 32 : 128
  const prefix = prefixText === undefined ? bits : /^\d{1,3}$/.test(prefixText) ? Number(prefixText) : -1
  if (prefix < 0 || prefix > bits) return null
  const hostMask = (1n << BigInt(bits - prefix)) - 1n
  const value = family === 4 ? parseV4(address) : parseV6(address)
  const format = family === 4 ? formatV4 : formatV6
  const first = value & ~hostMask
  return {
    cidr: `${address}/${prefix}`,
    family: family === 4 ? 4 : 6,
    first: format(first),
    last: format(first | hostMask),
  }
}

/** Whether two ranges have an address in common. */
export function overlaps(a: IpRange, b: IpRange): boolean {
  if (a.family !== b.family) return false
  const parse = a.family === 4 ? parseV4 : parseV6
  return parse(a.first) <= parse(b.last) && parse(b.first) <= parse(a.last)
}
