/** Settings of STUN and TURN. Pure. */
import { parseSecrets, type SecretSource } from '@parley/turn'

export interface TurnConfig {
  /** `stun:…`; no credential is needed for them. */
  readonly stunUrls: readonly string[]
  /** `turn:…` and `turns:…`; `{host}` in either stands for the name that a client dialled this server by. */
  readonly turnUrls: readonly string[]
  /** What credentials are minted with; `nowhere` without TURN. */
  readonly secret: SecretSource
}

const SECRET_ENV = 'PARLEY_TURN_SECRET'
/** As many as one entry of `iceServers` may hold. */
const URLS_MOST = 4

export const TURN_SETTINGS = [
  {
    flag: 'stun-urls',
    env: 'PARLEY_STUN_URLS',
    value: 'LIST',
    help: 'stun:host[:port], comma separated, {host} for the name that is dialled (none)',
  },
  {
    flag: 'turn-urls',
    env: 'PARLEY_TURN_URLS',
    value: 'LIST',
    help: 'turn:host[:port][?transport=udp|tcp] or turns:…, comma separated, {host} as above (none)',
  },
  {
    flag: 'turn-secret-file',
    env: 'PARLEY_TURN_SECRET_FILE',
    value: 'FILE',
    help: `secret shared with the relay, or ${SECRET_ENV}; with --turn-urls`,
  },
] as const

type TurnFlag = (typeof TURN_SETTINGS)[number]['flag']
export type ReadTurnSetting = <T>(
  flag: TurnFlag,
  otherwise: T,
  expected: string,
  parse: (text: string) => T | null,
) => T

const HOST = String.raw`(\{host\}|\[[0-9a-f:.]+\]|[a-z0-9.-]+)(:\d{1,5})?`
const STUN_URL = new RegExp(`^stuns?:${HOST}$`)
const TURN_URL = new RegExp(String.raw`^turns?:${HOST}(\?transport=(udp|tcp))?$`)

function urls(pattern: RegExp): (text: string) => readonly string[] | null {
  return (text) => {
    const items = text
      .toLowerCase()
      .split(',')
      .map((item) => item.trim())
    return items.length <= URLS_MOST && items.every((item) => pattern.test(item)) ? items : null
  }
}

function secretFrom(
  file: string | null,
  env: Readonly<Record<string, string | undefined>>,
  errors: string[],
): SecretSource {
  if (file !== null) return { from: 'file', file }
  const text = env[SECRET_ENV]
  if (!text) return { from: 'nowhere' }
  const secrets = parseSecrets(text)
  if (secrets) return { from: 'environment', secrets }
  errors.push(`${SECRET_ENV}: expected 16 to 256 letters, digits or any of _+/=.~-`)
  return { from: 'nowhere' }
}

/** No error shows the secret. */
export function readTurnSettings(
  read: ReadTurnSetting,
  env: Readonly<Record<string, string | undefined>>,
  errors: string[],
): TurnConfig {
  const expected = `up to ${URLS_MOST} addresses, comma separated`
  const stunUrls = read('stun-urls', [], `${expected}, like stun:host:3478`, urls(STUN_URL))
  const turnUrls = read('turn-urls', [], `${expected}, like turn:host:3478?transport=udp`, urls(TURN_URL))
  const file = read<string | null>('turn-secret-file', null, 'a file', (text) => text)
  const before = errors.length
  const secret = secretFrom(file, env, errors)
  if (errors.length === before && (secret.from === 'nowhere') !== (turnUrls.length === 0))
    errors.push(`--turn-urls and a secret (--turn-secret-file or ${SECRET_ENV}) go together`)
  return { stunUrls, turnUrls, secret }
}
