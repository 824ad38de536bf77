/** Settings of operator tokens. Pure. */
import { ADMISSION_KINDS, type AdmissionKind } from './admission.ts'
import { ASYMMETRIC, type TokenRules } from './operator-token.ts'
import { parseTokenPath } from './token-path.ts'

export interface TokenConfig extends TokenRules {
  /** A file, or an address with `https://` or `http://`, that holds a JSON Web Key Set. */
  readonly keys: string
}

export const DEFAULT_ISSUER = 'parley'
export const DEFAULT_AUDIENCE = 'parley-signaling'
/** RFC 9068 §2.1: the media type of an access token, so that no other kind of token passes for one. */
export const DEFAULT_TOKEN_TYPE = 'at+jwt'
const DEFAULT_ALGORITHMS: readonly string[] = ASYMMETRIC.slice(0, 3)

export const TOKEN_SETTINGS = [
  {
    flag: 'admission',
    env: 'PARLEY_ADMISSION',
    value: 'KIND',
    help: 'who is admitted: grant (grants of the room), token (operator token), both (grant)',
  },
  {
    flag: 'token-keys',
    env: 'PARLEY_TOKEN_KEYS',
    value: 'FILE|URL',
    help: 'JSON Web Key Set that tokens are checked with (none)',
  },
  {
    flag: 'token-issuer',
    env: 'PARLEY_TOKEN_ISSUER',
    value: 'TEXT',
    help: `claim iss of tokens; needed with a URL (${DEFAULT_ISSUER})`,
  },
  {
    flag: 'token-audience',
    env: 'PARLEY_TOKEN_AUDIENCE',
    value: 'TEXT',
    help: `claim aud of tokens (${DEFAULT_AUDIENCE})`,
  },
  {
    flag: 'token-type',
    env: 'PARLEY_TOKEN_TYPE',
    value: 'TYPE',
    help: `header typ of tokens (${DEFAULT_TOKEN_TYPE})`,
  },
  {
    flag: 'token-algorithms',
    env: 'PARLEY_TOKEN_ALGORITHMS',
    value: 'LIST',
    help: `signatures of tokens, comma separated (${DEFAULT_ALGORITHMS.join()})`,
  },
  {
    flag: 'token-path',
    env: 'PARLEY_TOKEN_PATH',
    value: 'PATH',
    help: 'path of the same origin at which the app served here asks for a token (none)',
  },
] as const

type TokenFlag = (typeof TOKEN_SETTINGS)[number]['flag']
export type ReadTokenSetting = <T>(
  flag: TokenFlag,
  otherwise: T,
  expected: string,
  parse: (text: string) => T | null,
) => T

export interface AdmissionConfig {
  readonly admission: AdmissionKind
  /** `null`: no token is ever checked. */
  readonly tokens: TokenConfig | null
  /** Where the app that is served asks for a token, `null` for nowhere. */
  readonly tokenPath: string | null
}

const word = (text: string) => (text.length <= 256 && text.trim() === text ? text : null)

function keysFrom(text: string): string | null {
  if (!text.includes('://')) return text
  return /^https?:$/.test(URL.canParse(text) ? new URL(text).protocol : '') ? text : null
}

function algorithmsFrom(text: string): readonly string[] | null {
  const names = text.split(',').map((name) => name.trim())
  return names.every((name) => ASYMMETRIC.some((one) => one === name)) ? names : null
}

export function readTokenSettings(read: ReadTokenSetting, errors: string[]): AdmissionConfig {
  const kinds = ADMISSION_KINDS.join(', ')
  const admission = read<AdmissionKind>(
    'admission',
    'grant',
    `one of ${kinds}`,
    (text) => ADMISSION_KINDS.find((kind) => kind === text) ?? null,
  )
  const keys = read<string | null>('token-keys', null, 'a file or an http(s) address', keysFrom)
  const issuer = read<string | null>('token-issuer', null, 'up to 256 characters', word)
  const tokens = {
    issuer: issuer ?? DEFAULT_ISSUER,
    audience: read('token-audience', DEFAULT_AUDIENCE, 'up to 256 characters', word),
    type: read('token-type', DEFAULT_TOKEN_TYPE, 'a media type without application/', (text) =>
      /^[a-z0-9.+-]{1,64}$/i.test(text) ? text : null,
    ),
    algorithms: read('token-algorithms', DEFAULT_ALGORITHMS, `some of ${ASYMMETRIC.join()}`, algorithmsFrom),
  }
  if (keys === null && admission !== 'grant') errors.push(`--admission ${admission} needs --token-keys`)
  if (keys?.includes('://') && issuer === null)
    errors.push('--token-keys with an address needs --token-issuer')
  const tokenPath = read<string | null>('token-path', null, 'a path like /oauth2/auth', parseTokenPath)
  return { admission, tokens: keys === null ? null : { ...tokens, keys }, tokenPath }
}
