/**
 * The root key under a passphrase: the only way in which it leaves the browser. JSON, so that a person who finds the file
 * in ten years can tell what it is. Layout: docs/spec.md, SV.
 */
import {
  fromBase64Url,
  IV_BYTES,
  idBytes,
  parseRoomId,
  type RoomId,
  toBase64Url,
  utf8,
  utf8Decode,
} from '@parley/protocol'
import { ParleyError } from './errors.ts'
import { RECOVERY_ITERATIONS } from './limits.ts'
import type { Platform } from './ports.ts'

interface RecoveryJson {
  readonly what: 'Parley recovery file'
  readonly version: 1
  readonly room: string
  readonly iterations: number
  readonly salt: string
  readonly iv: string
  readonly sealed: string
  readonly relayOnly?: true
}

export interface Recovered {
  readonly roomId: RoomId
  readonly rootSeed: Uint8Array
  readonly readKey: Uint8Array
  /** Of a room that connects through relays alone. */
  readonly relayOnly?: boolean
}

type Ports = Pick<Platform, 'cipher' | 'random'>

/** PBKDF2-SHA-256, then AES-256-GCM over root seed ‖ read key. */
export async function writeRecoveryFile(
  ports: Ports,
  secret: Recovered,
  passphrase: string,
  iterations: number = RECOVERY_ITERATIONS,
): Promise<Uint8Array<ArrayBuffer>> {
  const salt = ports.random.bytes(16)
  const iv = ports.random.bytes(IV_BYTES)
  const key = await ports.cipher.importKey(await ports.cipher.stretch(passphrase, salt, iterations))
  const plaintext = new Uint8Array([...secret.rootSeed, ...secret.readKey])
  const sealed = await ports.cipher.encrypt(key, iv, idBytes(secret.roomId), plaintext)
  const json: RecoveryJson = {
    what: 'Parley recovery file',
    version: 1,
    room: secret.roomId,
    iterations,
    salt: toBase64Url(salt),
    iv: toBase64Url(iv),
    sealed: toBase64Url(sealed),
    ...(secret.relayOnly ? { relayOnly: true } : {}),
  }
  return utf8(`${JSON.stringify(json, null, 2)}\n`) as Uint8Array<ArrayBuffer>
}

/** Throws {@link ParleyError} `recovery-refused` for a damaged file and for a wrong passphrase alike. */
export async function readRecoveryFile(
  ports: Ports,
  file: Uint8Array,
  passphrase: string,
): Promise<Recovered> {
  const refused = new ParleyError('recovery-refused', 'damaged recovery file or wrong passphrase')
  const json = file.length <= 4096 ? parseFile(file) : null
  const roomId = json ? parseRoomId(json.room) : null
  const [salt, iv, sealed] = [json?.salt, json?.iv, json?.sealed].map((text) => fromBase64Url(text ?? ''))
  if (!json || !roomId || salt?.length !== 16 || iv?.length !== IV_BYTES || !sealed) throw refused
  const key = await ports.cipher.importKey(await ports.cipher.stretch(passphrase, salt, json.iterations))
  const plaintext = await ports.cipher.decrypt(key, iv, idBytes(roomId), sealed)
  if (plaintext?.length !== 64) throw refused
  const relayOnly = json.relayOnly === true ? { relayOnly: true } : {}
  return { roomId, rootSeed: plaintext.slice(0, 32), readKey: plaintext.slice(32), ...relayOnly }
}

function parseFile(file: Uint8Array): RecoveryJson | null {
  try {
    const json = JSON.parse(utf8Decode(file)) as Partial<RecoveryJson> | null
    const texts = [json?.room, json?.salt, json?.iv, json?.sealed]
    const iterations = json?.iterations ?? 0
    const sane = Number.isInteger(iterations) && iterations >= 1 && iterations <= 10_000_000
    return texts.every((text) => typeof text === 'string') && sane ? (json as RecoveryJson) : null
  } catch {
    return null
  }
}
