/** IP addresses of clients: whom limits count as one, and what of it may be logged. Pure. */
import { isIP } from 'node:net'
import type { IsTrustedProxy } from './trusted-proxies.ts'

/** RFC 4291 §2.5.5.2: a dual-stack socket shows IPv4 clients like this. */
const MAPPED_IPV4 = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i

/** The address without IPv4 mapping or zone. */
export function plainAddress(address: string): string {
  return MAPPED_IPV4.exec(address)?.[1] ?? address.split('%', 1)[0] ?? address
}

/** First `groups` of the eight groups of an IPv6 address, `::` written out. */
function ipv6Prefix(address: string, groups: number): string {
  const [head = '', tail] = address.toLowerCase().split('::', 2)
  const left = head === '' ? [] : head.split(':')
  const right = tail ? tail.split(':') : []
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length)
  return [...left, ...new Array<string>(zeros).fill('0'), ...right].slice(0, groups).join(':')
}

/** What limits count as one client: an IPv4 address, or an IPv6 /64, which is what one household gets (RFC 6177). */
export function addressKey(address: string): string {
  return isIP(address) === 6 ? `${ipv6Prefix(address, 4)}::/64` : address
}

/** What logs may hold: a /24 or a /48. */
export function addressForLog(address: string): string {
  if (isIP(address) === 4) return `${address.split('.').slice(0, 3).join('.')}.0/24`
  return isIP(address) === 6 ? `${ipv6Prefix(address, 3)}::/48` : 'unknown'
}

/**
 * The client behind a connection. `X-Forwarded-For` is read from its end, where the nearest proxy wrote, and as far as
 * whoever wrote is trusted: what a client put there itself stands further left and is never reached.
 */
export function clientAddress(
  remote: string | undefined,
  forwardedFor: string | undefined,
  isTrustedProxy: IsTrustedProxy,
): string {
  let client = plainAddress(remote ?? 'unknown')
  for (const entry of forwardedFor?.split(',').reverse() ?? []) {
    const next = plainAddress(entry.trim())
    if (!isTrustedProxy(client) || isIP(next) === 0) break
    client = next
  }
  return client
}
