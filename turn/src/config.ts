/** Flags and `PARLEY_TURN_*` environment variables, parsed into one typed configuration. Pure; flags win. */
import { isIP } from 'node:net'
import { parseArgs } from 'node:util'
import { type IpRange, parseIpRange } from './ip-range.ts'
import { MAX_PORT, MIN_PORT, TOTAL_QUOTA, USER_QUOTA } from './limits.ts'
import { parseSecrets } from './turn-credentials.ts'

export interface Config {
  /** Addresses to listen on; empty for all of the machine. */
  readonly listen: readonly string[]
  /** Addresses that relayed traffic leaves from; empty for all of the machine. */
  readonly relay: readonly string[]
  /** `public` or `public/private`, for a machine whose public address is somebody else's interface. */
  readonly external: readonly string[]
  readonly port: number
  readonly tls: { readonly certFile: string; readonly keyFile: string; readonly port: number } | null
  readonly realm: string
  readonly minPort: number
  readonly maxPort: number
  readonly userQuota: number
  readonly totalQuota: number
  /** Ranges that may be relayed to although they are special-purpose. */
  readonly allowed: readonly IpRange[]
  readonly secret: SecretSource
}

export type SecretSource =
  | { readonly from: 'file'; readonly file: string }
  | { readonly from: 'environment'; readonly secrets: readonly [string, ...string[]] }
  | { readonly from: 'nowhere' }

export type ConfigVerdict =
  | { readonly ok: true; readonly config: Config }
  | { readonly ok: false; readonly errors: readonly string[] }

export interface Setting {
  readonly flag: string
  readonly env: string
  readonly value: string
  readonly help: string
}

/** The secret itself has no flag: command lines are public on a machine. */
export const SECRET_ENV = 'PARLEY_TURN_SECRET'
const DEFAULT_REALM = 'parley'
const DEFAULT_PORT = 3478
const DEFAULT_TLS_PORT = 5349

const row = (flag: string, env: string, value: string, help: string): Setting => ({ flag, env, value, help })
/** One row per setting: the help text is printed from it. */
export const SETTINGS: readonly Setting[] = [
  row('secret-file', 'PARLEY_TURN_SECRET_FILE', 'FILE', `secret shared with signaling, or ${SECRET_ENV}`),
  row('listen', 'PARLEY_TURN_LISTEN', 'LIST', 'addresses to listen on, comma separated (all)'),
  row('relay', 'PARLEY_TURN_RELAY', 'LIST', 'addresses that relayed traffic leaves from (all)'),
  row('external-ip', 'PARLEY_TURN_EXTERNAL_IP', 'LIST', 'public[/private] address behind a 1:1 NAT (none)'),
  row('port', 'PARLEY_TURN_PORT', 'NUMBER', `UDP and TCP port (${DEFAULT_PORT})`),
  row('tls-cert', 'PARLEY_TURN_TLS_CERT', 'FILE', 'PEM certificate chain; with --tls-key'),
  row('tls-key', 'PARLEY_TURN_TLS_KEY', 'FILE', 'PEM private key; with --tls-cert'),
  row('tls-port', 'PARLEY_TURN_TLS_PORT', 'NUMBER', `TLS and DTLS port (${DEFAULT_TLS_PORT})`),
  row('realm', 'PARLEY_TURN_REALM', 'NAME', `realm of the credentials (${DEFAULT_REALM})`),
  row('min-port', 'PARLEY_TURN_MIN_PORT', 'NUMBER', `lowest relayed port (${MIN_PORT})`),
  row('max-port', 'PARLEY_TURN_MAX_PORT', 'NUMBER', `highest relayed port (${MAX_PORT})`),
  row('user-quota', 'PARLEY_TURN_USER_QUOTA', 'NUMBER', `most allocations of one device (${USER_QUOTA})`),
  row('total-quota', 'PARLEY_TURN_TOTAL_QUOTA', 'NUMBER', `most allocations of all (${TOTAL_QUOTA})`),
  row(
    'allow-peers',
    'PARLEY_TURN_ALLOW_PEERS',
    'LIST',
    'private ranges that may be relayed to, as CIDR (none: every special-purpose range is denied)',
  ),
]

type Parse<T> = (text: string) => T | null
type Env = Readonly<Record<string, string | undefined>>

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

function integerFrom(least: number, most: number): Parse<number> {
  return (text) =>
    /^\d{1,9}$/.test(text) && Number(text) >= least && Number(text) <= most ? Number(text) : null
}

function listOf<T>(parse: Parse<T>): Parse<readonly T[]> {
  return (text) => {
    const items = text.split(',').map((item) => parse(item.trim()))
    return items.some((item) => item === null) ? null : (items as T[])
  }
}

/** One that begins with all zeros is to coturn a range without a lower end: it would open everything. */
const namedRange: Parse<IpRange> = (text) => {
  const range = parseIpRange(text)
  return range && range.first !== '0.0.0.0' && range.first !== '0:0:0:0:0:0:0:0' ? range : null
}
const address: Parse<string> = (text) => (isIP(text) !== 0 && !text.includes('%') ? text : null)
const external: Parse<string> = (text) => {
  const parts = text.split('/')
  return parts.length <= 2 && parts.every((part) => address(part) !== null) ? text : null
}
/** What stands in coturn's file as a value of its own: no spaces, no quotes, no comments. */
const plain: Parse<string> = (text) => (/^[A-Za-z0-9_./:@+-]+$/.test(text) ? text : null)

type Read = <T>(flag: string, otherwise: T, expected: string, parse: Parse<T>) => T

/** Collects every error before it gives up. `args` are those after the command; no error shows a secret. */
export function readConfig(args: readonly string[], env: Env): ConfigVerdict {
  const errors: string[] = []
  const flags = readFlags(args, errors)
  const read: Read = (flag, otherwise, expected, parse) => {
    const setting = SETTINGS.find((one) => one.flag === flag) as Setting
    const text = flags.get(flag) ?? (env[setting.env] || undefined)
    if (text === undefined) return otherwise
    const value = parse(text)
    if (value === null) errors.push(`--${flag} or ${setting.env}: expected ${expected}`)
    return value ?? otherwise
  }
  const config = configFrom(read, secretFrom(read, env, errors), errors)
  return errors.length > 0 ? { ok: false, errors } : { ok: true, config }
}

function configFrom(read: Read, secret: SecretSource, errors: string[]): Config {
  const addresses = listOf(address)
  const port = integerFrom(1, 65_535)
  const count = integerFrom(1, 1_000_000)
  const config: Config = {
    listen: read('listen', [], 'IP addresses, comma separated', addresses),
    relay: read('relay', [], 'IP addresses, comma separated', addresses),
    external: read('external-ip', [], 'public[/private] IP addresses', listOf(external)),
    port: read('port', DEFAULT_PORT, 'a port', port),
    tls: tlsFrom(read, errors),
    realm: read('realm', DEFAULT_REALM, 'letters, digits and dots', plain),
    minPort: read('min-port', MIN_PORT, 'a port', port),
    maxPort: read('max-port', MAX_PORT, 'a port', port),
    userQuota: read('user-quota', USER_QUOTA, 'a number from 1 to 1000000', count),
    totalQuota: read('total-quota', TOTAL_QUOTA, 'a number from 1 to 1000000', count),
    allowed: read('allow-peers', [], 'ranges like 10.0.0.0/8, comma separated', listOf(namedRange)),
    secret,
  }
  if (config.minPort > config.maxPort) errors.push('--min-port is above --max-port')
  return config
}

function tlsFrom(read: Read, errors: string[]): Config['tls'] {
  const certFile = read<string | null>('tls-cert', null, 'a file without spaces in its name', plain)
  const keyFile = read<string | null>('tls-key', null, 'a file without spaces in its name', plain)
  const port = read('tls-port', DEFAULT_TLS_PORT, 'a port', integerFrom(1, 65_535))
  if (certFile !== null && keyFile !== null) return { certFile, keyFile, port }
  if (certFile !== keyFile) errors.push('--tls-cert and --tls-key go together')
  return null
}

function secretFrom(read: Read, env: Env, errors: string[]): SecretSource {
  const file = read<string | null>('secret-file', null, 'a file', (text) => text)
  if (file !== null) return { from: 'file', file }
  const text = env[SECRET_ENV]
  if (!text) return { from: 'nowhere' }
  const secrets = parseSecrets(text)
  if (secrets) return { from: 'environment', secrets }
  errors.push(`${SECRET_ENV}: expected 16 to 256 letters, digits or any of _+/=.~-`)
  return { from: 'nowhere' }
}
