/** coturn's configuration, line by line with its reasons. Pure; rules: docs/spec.md, TN. */
import type { Config } from './config.ts'
import { type IpRange, overlaps, parseIpRange } from './ip-range.ts'
import { ALLOCATE_LIFETIME_S, NONCE_LIFETIME_S } from './limits.ts'
import { SPECIAL_RANGES } from './special-ranges.ts'

const LOOPBACK = ['127.0.0.0/8', '::1/128'].map((cidr) => parseIpRange(cidr))

/** coturn takes a range that begins at `::` for one without a lower end, into which every IPv4 address falls. */
function span({ first, last }: IpRange): string {
  if (first === last) return first
  return `${first === '0:0:0:0:0:0:0:0' ? '::1' : first}-${last}`
}

export interface ConfFacts {
  /** Secrets that are accepted; text that never leaves this file. */
  readonly secrets: readonly [string, ...string[]]
  /** The machine's own addresses that relayed traffic leaves from. */
  readonly relayAddresses: readonly string[]
  /** A private folder for what coturn writes itself. */
  readonly folder: string
}

function where(config: Config, facts: ConfFacts): string[] {
  return [
    '# Where to listen (no line: on every address) and which addresses and ports to relay from.',
    ...config.listen.map((address) => `listening-ip=${address}`),
    `listening-port=${config.port}`,
    ...facts.relayAddresses.map((address) => `relay-ip=${address}`),
    ...config.external.map((address) => `external-ip=${address}`),
    `min-port=${config.minPort}`,
    `max-port=${config.maxPort}`,
  ]
}

function encryption({ tls }: Config): string[] {
  if (!tls) {
    return [
      '# No certificate was given. What is relayed is DTLS from end to end all the same; TLS only gets through more',
      '# firewalls.',
      'no-tls',
      'no-dtls',
    ]
  }
  return [
    '# TLS 1.2 and later (RFC 8996).',
    `tls-listening-port=${tls.port}`,
    `cert=${tls.certFile}`,
    `pkey=${tls.keyFile}`,
    'no-tlsv1',
    'no-tlsv1_1',
  ]
}

function credentials(config: Config, facts: ConfFacts): string[] {
  return [
    '# Credentials that signaling mints, good for ten minutes; several secrets while one replaces another.',
    'use-auth-secret',
    ...facts.secrets.map((secret) => `static-auth-secret=${secret}`),
    `realm=${config.realm}`,
    `stale-nonce=${NONCE_LIFETIME_S}`,
    `max-allocate-lifetime=${ALLOCATE_LIFETIME_S}`,
    '# Allocations of one user name without its time, which is one device in one room, and of all together.',
    `user-quota=${config.userQuota}`,
    `total-quota=${config.totalQuota}`,
  ]
}

/**
 * Two people behind the same relay meet at its own relayed addresses, so those are let through where they are
 * special-purpose (a relay in an office): each as that one address, not as its network.
 */
function peers(config: Config, facts: ConfFacts): string[] {
  const own = facts.relayAddresses.flatMap((address) => parseIpRange(address) ?? [])
  const special = own.filter((one) => SPECIAL_RANGES.some((range) => overlaps(range, one)))
  const allowed = [...config.allowed, ...special]
  const loopback = allowed.some((one) => LOOPBACK.some((range) => range && overlaps(range, one)))
  return [
    '# UDP to public addresses is all that is relayed.',
    'no-tcp-relay',
    'no-multicast-peers',
    ...(loopback
      ? ['# A loopback address is allowed below: for trying things on one machine.', 'allow-loopback-peers']
      : []),
    ...(allowed.length > 0 ? ['# Allowed although special-purpose; these win over what is denied.'] : []),
    ...allowed.map((range) => `allowed-peer-ip=${span(range)}`),
    '# Special-purpose ranges: without these lines the relay is a way into the network that it stands in.',
    ...SPECIAL_RANGES.flatMap((range) => [`# ${range.cidr} ${range.what}`, `denied-peer-ip=${span(range)}`]),
  ]
}

function house({ folder }: ConfFacts): string[] {
  return [
    '# No second door, no version in answers, log to standard output.',
    'no-cli',
    'no-software-attribute',
    'no-rfc5780',
    'fingerprint',
    'log-file=stdout',
    'simple-log',
    'new-log-timestamp',
    `pidfile=${folder}/turnserver.pid`,
    `userdb=${folder}/turndb`,
  ]
}

export function turnserverConf(config: Config, facts: ConfFacts): string {
  const parts = [where, encryption, credentials, peers].map((part) => part(config, facts).join('\n'))
  const head = "# coturn's configuration for Parley, written by parley-turn: changes are lost, use its flags."
  return `${[head, ...parts, house(facts).join('\n')].join('\n\n')}\n`
}
