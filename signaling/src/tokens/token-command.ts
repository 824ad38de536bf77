/** `parley-signaling token`. */
import { parseArgs } from 'node:util'
import { limits as wire } from '@parley/protocol'
import { importJWK, SignJWT } from 'jose'
import { type CommandResult, resultOf, UsageError } from './command-result.ts'
import { type PrivateKey, readPrivateKey } from './signing-keys.ts'
import { DEFAULT_AUDIENCE, DEFAULT_ISSUER, DEFAULT_TOKEN_TYPE } from './token-settings.ts'

/** Beyond it a token is a password: it cannot be withdrawn but with its key. */
const MOST_TTL_S = 30 * 86_400

const USAGE = `Usage: parley-signaling token --room ID --ttl TIME --key FILE [--issuer TEXT] [--audience TEXT]

Prints an operator token, with which clients are admitted by a server that runs with --admission token or both. It is a bearer
secret: whoever has it, and an invite to one of its rooms, is introduced there until it ends.

Options:
  --room ID              id of a room, or what follows r= in its link; * for every room; may be given several times
  --topic NAME           topic of /y-webrtc, whatever its name; may be given several times
  --ttl TIME             how long it is good: 90s, 15m, 12h or 7d, at most 30d
  --key FILE             signing-key.json of parley-signaling keys new
  --issuer TEXT          claim iss, as in --token-issuer of the server (${DEFAULT_ISSUER})
  --audience TEXT        claim aud, as in --token-audience of the server (${DEFAULT_AUDIENCE})
  --help                 this text

Example: parley-signaling token --room '*' --ttl 12h --key keys/signing-key.json
`

const OPTIONS = {
  room: { type: 'string', multiple: true },
  topic: { type: 'string', multiple: true },
  ttl: { type: 'string' },
  key: { type: 'string' },
  issuer: { type: 'string', default: DEFAULT_ISSUER },
  audience: { type: 'string', default: DEFAULT_AUDIENCE },
} as const

export function runTokenCommand(args: readonly string[], nowMs: number): Promise<CommandResult> {
  return resultOf(USAGE, args, async () => {
    const { values } = parseArgs({ args: [...args], options: OPTIONS })
    const rooms = roomsFrom(values.room ?? [], values.topic ?? [])
    const ttlS = secondsFrom(values.ttl)
    if (!values.key) throw new UsageError('--key is needed')
    const { issuer, audience } = values
    const token = await sign(await readPrivateKey(values.key), { rooms, issuer, audience, ttlS, nowMs })
    if (token.length > wire.OPERATOR_TOKEN_BYTES) throw new Error('too many rooms for one token')
    return `${token}\n`
  })
}

function roomsFrom(rooms: readonly string[], topics: readonly string[]): readonly string[] {
  if (rooms.length + topics.length === 0) throw new UsageError('--room is needed, or --topic')
  const wrong = rooms.find((room) => room !== '*' && !/^[A-Za-z0-9_-]{22}([A-Za-z0-9_-]{21})?$/.test(room))
  if (wrong !== undefined) throw new UsageError('--room: 22 or 43 characters of base64url, or *')
  if (topics.some((topic) => topic === '*' || topic === '')) throw new UsageError('--topic: a name')
  return [...rooms, ...topics]
}

function secondsFrom(text: string | undefined): number {
  const [, count, unit = 's'] = /^([1-9]\d{0,8})([smhd])?$/.exec(text ?? '') ?? []
  const seconds = Number(count) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd']
  if (!(seconds <= MOST_TTL_S)) throw new UsageError('--ttl: a time like 15m, at most 30d')
  return seconds
}

interface Claims {
  readonly rooms: readonly string[]
  readonly issuer: string
  readonly audience: string
  readonly ttlS: number
  readonly nowMs: number
}

async function sign(key: PrivateKey, { rooms, issuer, audience, ttlS, nowMs }: Claims): Promise<string> {
  const nowS = Math.floor(nowMs / 1000)
  return new SignJWT({ rooms: rooms.includes('*') ? '*' : [...rooms] })
    .setProtectedHeader({ alg: key.alg, kid: key.kid, typ: DEFAULT_TOKEN_TYPE })
    .setIssuer(issuer)
    .setAudience(audience)
    .setIssuedAt(nowS)
    .setExpirationTime(nowS + ttlS)
    .sign(await importJWK(key, key.alg))
}
