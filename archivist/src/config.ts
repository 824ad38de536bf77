/** What `serve` is told, parsed into one typed configuration that has no half of anything. Pure. */
import { ROOMS_DEFAULT } from './limits.ts'
import { LOG_LEVELS, type LogLevel } from './log.ts'
import {
  type Env,
  integerFrom,
  oneOf,
  type Parse,
  readValues,
  type Setting,
  type Values,
} from './settings.ts'
import { parseShare, type Share, WHOLE } from './share.ts'

export interface ServeConfig {
  readonly dir: string
  /** `ws(s)://host[:port]/v1` */
  readonly signaling: readonly string[]
  /** `null` where signaling asks for none. */
  readonly operatorTokenFile: string | null
  readonly host: string
  /** 0 lets the system choose. */
  readonly port: number
  /** What signaling must show to have rooms kept, or `null` on loopback. */
  readonly keepToken: string | null
  readonly share: Share
  readonly maxRooms: number
  readonly logLevel: LogLevel
}

const TOKEN_ENV = 'PARLEY_ARCHIVIST_TOKEN'

export type Verdict<T> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly errors: readonly string[] }

export const DIR: Setting = {
  flag: 'dir',
  env: 'PARLEY_ARCHIVIST_DIR',
  value: 'DIR',
  help: 'folder that rooms are kept in',
}
export const LOG_LEVEL: Setting = {
  flag: 'log-level',
  env: 'PARLEY_LOG_LEVEL',
  value: 'LEVEL',
  help: `${LOG_LEVELS.join(', ')} (info)`,
}

export const SERVE_SETTINGS: readonly Setting[] = [
  DIR,
  {
    flag: 'signaling',
    env: 'PARLEY_SIGNALING',
    value: 'URLS',
    help: 'ws(s):// addresses of signaling servers, comma separated; tried in turn',
  },
  {
    flag: 'operator-token-file',
    env: 'PARLEY_OPERATOR_TOKEN_FILE',
    value: 'FILE',
    help: 'holds the token that signaling asks for; read anew for every dial (none)',
  },
  {
    flag: 'host',
    env: 'PARLEY_ARCHIVIST_HOST',
    value: 'ADDRESS',
    help: `address to listen on (127.0.0.1); beyond loopback signaling has to show the secret in ${TOKEN_ENV}`,
  },
  {
    flag: 'port',
    env: 'PARLEY_ARCHIVIST_PORT',
    value: 'NUMBER',
    help: 'port for health, metrics, signaling and commands, 0 for any (8790)',
  },
  {
    flag: 'share',
    env: 'PARLEY_ARCHIVIST_SHARE',
    value: 'I/N',
    help: 'this is archivist I of N: keep its share of the rooms (1/1)',
  },
  {
    flag: 'copies',
    env: 'PARLEY_ARCHIVIST_COPIES',
    value: 'NUMBER',
    help: 'with --share: how many archivists keep each room (1)',
  },
  {
    flag: 'max-rooms',
    env: 'PARLEY_ARCHIVIST_MAX_ROOMS',
    value: 'NUMBER',
    help: `most rooms; no further one is taken beyond it (${ROOMS_DEFAULT})`,
  },
  LOG_LEVEL,
]

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])
/** 128 bits in hexadecimal or base64. */
const TOKEN_CHARACTERS = 22

/** The path `/v1` may be left out: it is where signaling listens. */
const signalingUrls: Parse<readonly string[]> = (text) => {
  const urls = text.split(',').map((one) => signalingUrl(one.trim()))
  return urls.every((url) => url !== null) ? urls : null
}

function signalingUrl(text: string): string | null {
  if (!/^wss?:\/\/[^\s/?#@]+(\/[^\s?#]*)?$/.test(text) || !URL.canParse(text)) return null
  const url = new URL(text)
  return url.pathname === '/' ? `${url.origin}/v1` : url.href
}

/** By the environment alone: among the arguments `ps` would show it. Beyond loopback anybody could have rooms kept without. */
function keepTokenFrom(env: Env, host: string, errors: string[]): string | null {
  const token = env[TOKEN_ENV] || null
  if (token !== null && !(/^[\w.~+/=-]+$/.test(token) && token.length >= TOKEN_CHARACTERS))
    errors.push(
      `${TOKEN_ENV}: expected a secret of at least ${TOKEN_CHARACTERS} letters, digits or any of _.~+/=-`,
    )
  if (token === null && !LOOPBACK.has(host))
    errors.push(`--host beyond loopback needs a secret in ${TOKEN_ENV}`)
  return token
}

function shareFrom(values: Values, errors: string[]): Share {
  const part = values.read('share', WHOLE, 'I/N with I from 1 to N, like 2/3', parseShare)
  const copies = values.read('copies', 1, 'a number from 1 to 16', integerFrom(1, 16))
  if (copies > part.count) errors.push(`--copies: ${copies} copies need as many archivists in --share`)
  return { ...part, copies }
}

export function readServeConfig(args: readonly string[], env: Env): Verdict<ServeConfig> {
  const errors: string[] = []
  const values = readValues(SERVE_SETTINGS, args, env, errors)
  for (const extra of values.positionals) errors.push(`unexpected argument: ${extra}`)
  const expected = 'ws://host:port or wss://host, comma separated'
  values.need('signaling', expected, (text) => (signalingUrls(text) ? text : null))
  const host = values.read('host', '127.0.0.1', 'a host name or address', (text) =>
    /^[\w.:-]+$/.test(text) ? text : null,
  )
  const value: ServeConfig = {
    dir: values.need('dir', 'a folder'),
    signaling: values.read('signaling', [], expected, (text) => signalingUrls(text) ?? []),
    operatorTokenFile: values.read<string | null>('operator-token-file', null, 'a file', (text) => text),
    host,
    port: values.read('port', 8790, 'a number from 0 to 65535', integerFrom(0, 65_535)),
    keepToken: keepTokenFrom(env, host, errors),
    share: shareFrom(values, errors),
    maxRooms: values.read('max-rooms', ROOMS_DEFAULT, 'a number from 1 to 100000', integerFrom(1, 100_000)),
    logLevel: values.read('log-level', 'info', `one of ${LOG_LEVELS.join(', ')}`, oneOf(LOG_LEVELS)),
  }
  return errors.length > 0 ? { ok: false, errors } : { ok: true, value }
}
