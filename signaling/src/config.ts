/** Flags and `PARLEY_*` environment variables, parsed into one typed configuration. Pure; flags win. */
import { parseArgs } from 'node:util'
import { type IceServer, parseServerMessage } from '@parley/protocol'
import type { ArchivistConfig } from './archivist-link.ts'
import { ARCHIVIST_SETTINGS, readArchivistSettings } from './archivist-settings.ts'
import { DEFAULT_LIMITS, type Limits } from './limits.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import { type AdmissionConfig, readTokenSettings, TOKEN_SETTINGS } from './tokens/token-settings.ts'
import { isProxyRange } from './trusted-proxies.ts'
import { readTurnSettings, TURN_SETTINGS, type TurnConfig } from './turn/turn-settings.ts'

export interface Config extends AdmissionConfig {
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** Folder of the built app, or `null` to serve none. */
  readonly appDir: string | null
  readonly tls: { readonly certFile: string; readonly keyFile: string } | null
  /** `host:port` under which clients dial; empty for loopback and the machine's own addresses. */
  readonly publicHosts: readonly string[]
  /** `https://host:port` of pages that may connect; empty for pages of `publicHosts`. */
  readonly allowedOrigins: readonly string[]
  /** Addresses and CIDR ranges whose `X-Forwarded-For` is believed. */
  readonly trustedProxies: readonly string[]
  readonly iceServers: readonly IceServer[]
  readonly turn: TurnConfig
  /** `null` where rooms are kept by nobody. */
  readonly archivist: ArchivistConfig | null
  /** Of a Redis through which rooms span instances, or `null` for one instance. May hold a password. */
  readonly redisUrl: string | null
  readonly limits: Limits
  readonly logLevel: LogLevel
}

export const DEFAULT_CONFIG: Config = {
  host: '127.0.0.1',
  port: 8787,
  appDir: null,
  tls: null,
  publicHosts: [],
  allowedOrigins: [],
  trustedProxies: [],
  iceServers: [],
  turn: { stunUrls: [], turnUrls: [], secret: { from: 'nowhere' } },
  archivist: null,
  admission: 'grant',
  tokens: null,
  tokenPath: null,
  redisUrl: null,
  limits: DEFAULT_LIMITS,
  logLevel: 'info',
}

export type ConfigVerdict =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly string[] }

export interface Setting {
  readonly flag: string
  readonly env: string
  readonly value: string
  readonly help: string
}

/** One row per setting: the help text is printed from it. */
export const SETTINGS = [
  { flag: 'host', env: 'PARLEY_HOST', value: 'ADDRESS', help: 'address to listen on (127.0.0.1)' },
  { flag: 'port', env: 'PARLEY_PORT', value: 'NUMBER', help: 'port to listen on, 0 for any (8787)' },
  { flag: 'app', env: 'PARLEY_APP_DIR', value: 'DIR', help: 'built app to serve at / (none)' },
  { flag: 'tls-cert', env: 'PARLEY_TLS_CERT', value: 'FILE', help: 'PEM certificate chain; with --tls-key' },
  { flag: 'tls-key', env: 'PARLEY_TLS_KEY', value: 'FILE', help: 'PEM private key; with --tls-cert' },
  {
    flag: 'public-hosts',
    env: 'PARLEY_PUBLIC_HOSTS',
    value: 'LIST',
    help: 'host[:port] that clients dial, comma separated (loopback and own addresses)',
  },
  {
    flag: 'allowed-origins',
    env: 'PARLEY_ALLOWED_ORIGINS',
    value: 'LIST',
    help: 'origins whose pages may connect, comma separated (those of the public hosts)',
  },
  {
    flag: 'trusted-proxies',
    env: 'PARLEY_TRUSTED_PROXIES',
    value: 'LIST',
    help: 'proxies whose X-Forwarded-For is believed: addresses or ranges like 10.0.0.0/8 (none)',
  },
  {
    flag: 'ice-servers',
    env: 'PARLEY_ICE_SERVERS',
    value: 'JSON',
    help: 'list of {urls, username?, credential?} for clients ([])',
  },
  ...TURN_SETTINGS,
  ...ARCHIVIST_SETTINGS,
  ...TOKEN_SETTINGS,
  {
    flag: 'redis-url',
    env: 'PARLEY_REDIS_URL',
    value: 'URL',
    help: 'redis:// or rediss:// through which rooms span several instances (none)',
  },
  {
    flag: 'peers-per-room',
    env: 'PARLEY_PEERS_PER_ROOM',
    value: 'NUMBER',
    help: `most peers in one room (${DEFAULT_LIMITS.peersPerRoom})`,
  },
  {
    flag: 'connections-per-key',
    env: 'PARLEY_CONNECTIONS_PER_KEY',
    value: 'NUMBER',
    help: `most connections of one device to one room (${DEFAULT_LIMITS.connectionsPerKey})`,
  },
  {
    flag: 'unproven-per-address',
    env: 'PARLEY_UNPROVEN_PER_ADDRESS',
    value: 'NUMBER',
    help: `most connections of one address before their proof (${DEFAULT_LIMITS.unprovenPerAddress})`,
  },
  {
    flag: 'proven-per-address',
    env: 'PARLEY_PROVEN_PER_ADDRESS',
    value: 'NUMBER',
    help: `most connections of one address after it (${DEFAULT_LIMITS.provenPerAddress})`,
  },
  { flag: 'log-level', env: 'PARLEY_LOG_LEVEL', value: 'LEVEL', help: `${LOG_LEVELS.join(', ')} (info)` },
] as const satisfies readonly Setting[]

type Flag = (typeof SETTINGS)[number]['flag']
type Parse<T> = (text: string) => T | null

function readFlags(args: readonly string[], errors: string[]): Map<string, string> {
  const options = Object.fromEntries(SETTINGS.map(({ flag }) => [flag, { type: 'string' as const }]))
  const { tokens } = parseArgs({ args: [...args], options, strict: false, tokens: true })
  const values = new Map<string, string>()
  for (const token of tokens) {
    if (token.kind === 'positional') errors.push(`unexpected argument: ${token.value}`)
    if (token.kind !== 'option') continue
    if (!(token.name in options)) errors.push(`unknown flag: ${token.rawName}`)
    else if (!token.value) errors.push(`--${token.name} needs a value`)
    else values.set(token.name, token.value)
  }
  return values
}

const isHost = (item: string) => /^(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(item)
const isOrigin = (item: string) => /^https?:\/\/(\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?$/.test(item)

function integerFrom(least: number, most: number): Parse<number> {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null
}

function listOf(accepts: (item: string) => boolean): Parse<readonly string[]> {
  return (text) => {
    const items = text
      .toLowerCase()
      .split(',')
      .map((item) => item.trim())
    return items.every(accepts) ? items : null
  }
}

const parseRedisUrl: Parse<string> = (text) =>
  /^rediss?:\/\/[^\s/]+/.test(text) && URL.canParse(text) ? text : null

/** What clients would refuse in `welcome` is refused here. */
function parseIceServers(text: string): readonly IceServer[] | null {
  try {
    const welcome = {
      type: 'welcome',
      peer: 'a'.repeat(22),
      peers: [],
      iceServers: JSON.parse(text) as unknown,
      limits: { frameBytes: 0, messagesPerSecond: 0 },
    }
    const message = parseServerMessage(JSON.stringify(welcome))
    return message?.type === 'welcome' ? message.iceServers : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** Collects every error before it gives up. `args` are those after the command. */
export function readConfig(
  args: readonly string[],
  env: Readonly<Record<string, string | undefined>>,
): ConfigVerdict {
  const errors: string[] = []
  const flags = readFlags(args, errors)
  /** Secrets may be in the value (TURN credentials): errors name the setting and what it takes, never the value. */
  const read = <T>(flag: Flag, otherwise: T, expected: string, parse: Parse<T>): T => {
    const setting = SETTINGS.find((one) => one.flag === flag) as Setting
    const text = flags.get(flag) ?? (env[setting.env] || undefined)
    if (text === undefined) return otherwise
    const value = parse(text)
    if (value === null) errors.push(`--${flag} or ${setting.env}: expected ${expected}`)
    return value ?? otherwise
  }
  const config = configFrom(read, errors)
  const tls = tlsFrom(read, errors)
  const turn = readTurnSettings(read, env, errors)
  const archivist = readArchivistSettings(read, env, errors)
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config: { ...config, tls, turn, archivist } }
}

type Read = <T>(flag: Flag, otherwise: T, expected: string, parse: Parse<T>) => T

const anyText: Parse<string> = (text) => text

function configFrom(read: Read, errors: string[]): Config {
  const d = DEFAULT_CONFIG
  return {
    host: read('host', d.host, 'a host name or address', (text) => (/^[\w.:-]+$/.test(text) ? text : null)),
    port: read('port', d.port, 'a number from 0 to 65535', integerFrom(0, 65535)),
    appDir: read<string | null>('app', d.appDir, 'a folder', anyText),
    tls: null,
    turn: d.turn,
    archivist: d.archivist,
    publicHosts: read('public-hosts', d.publicHosts, 'host[:port], comma separated', listOf(isHost)),
    allowedOrigins: read(
      'allowed-origins',
      d.allowedOrigins,
      'http(s)://host[:port], comma separated',
      listOf(isOrigin),
    ),
    trustedProxies: read(
      'trusted-proxies',
      d.trustedProxies,
      'IP addresses or CIDR ranges, comma separated',
      listOf(isProxyRange),
    ),
    iceServers: read(
      'ice-servers',
      d.iceServers,
      'a JSON list of at most 8 {urls, username?, credential?}',
      parseIceServers,
    ),
    ...readTokenSettings(read, errors),
    redisUrl: read<string | null>('redis-url', d.redisUrl, 'a redis:// or rediss:// URL', parseRedisUrl),
    limits: limitsFrom(read),
    logLevel: read(
      'log-level',
      d.logLevel,
      `one of ${LOG_LEVELS.join(', ')}`,
      (text) => LOG_LEVELS.find((level) => level === text) ?? null,
    ),
  }
}

function limitsFrom(read: Read): Limits {
  const count = integerFrom(1, 1_000_000)
  const expected = 'a number from 1 to 1000000'
  const d = DEFAULT_LIMITS
  return {
    ...d,
    peersPerRoom: read('peers-per-room', d.peersPerRoom, expected, count),
    connectionsPerKey: read('connections-per-key', d.connectionsPerKey, expected, count),
    unprovenPerAddress: read('unproven-per-address', d.unprovenPerAddress, expected, count),
    provenPerAddress: read('proven-per-address', d.provenPerAddress, expected, count),
  }
}

function tlsFrom(read: Read, errors: string[]): Config['tls'] {
  const certFile = read<string | null>('tls-cert', null, 'a file', anyText)
  const keyFile = read<string | null>('tls-key', null, 'a file', anyText)
  if (certFile !== null && keyFile !== null) return { certFile, keyFile }
  if (certFile !== keyFile) errors.push('--tls-cert and --tls-key go together')
  return null
}
