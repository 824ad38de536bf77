/** Under which names clients may dial this server. Pure but for what `os` says about interfaces, which comes in. */
import type { NetworkInterfaceInfo } from 'node:os'

const LOOPBACK = ['localhost', '127.0.0.1', '::1']
export const ANY_ADDRESS = new Set(['0.0.0.0', '::', ''])

/** As `URL.host` writes it: lower case, IPv6 in brackets, no port where it is the scheme's own. */
export function hostOf(name: string, port: number): readonly string[] {
  const bare = name.includes(':') ? `[${name.toLowerCase()}]` : name.toLowerCase()
  return port === 80 || port === 443 ? [bare, `${bare}:${port}`] : [`${bare}:${port}`]
}

/**
 * Loopback names and, when the server listens on them, the machine's own addresses. Link-local IPv6 is left out:
 * browsers cannot dial it. A server that listens on one address alone answers to that and loopback.
 */
export function ownHosts(
  listenHost: string,
  port: number,
  interfaces: NodeJS.Dict<NetworkInterfaceInfo[]>,
): readonly string[] {
  const own = Object.values(interfaces)
    .flatMap((infos) => infos ?? [])
    .map((info) => info.address)
    .filter((address) => !address.toLowerCase().startsWith('fe80:'))
  const names = ANY_ADDRESS.has(listenHost) ? [...LOOPBACK, ...own] : [...LOOPBACK, listenHost]
  return [...new Set(names.flatMap((name) => hostOf(name, port)))]
}

/**
 * Whether a page of `origin` may open a WebSocket. Without the header it is no page (RFC 6455 §10.2): Node peers.
 * `allowed` empty: pages that this server's own hosts serve.
 */
export function mayConnect(
  origin: string | undefined,
  allowed: readonly string[],
  hosts: readonly string[],
): boolean {
  if (origin === undefined) return true
  if (allowed.length > 0) return allowed.includes(origin.toLowerCase())
  const host = /^https?:\/\/([^/]+)$/i.exec(origin)?.[1]
  return host !== undefined && hosts.includes(host.toLowerCase())
}
