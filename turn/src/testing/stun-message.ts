/** STUN messages as TURN needs them (RFC 8489 §5, §14; RFC 8656 §18): enough to ask a relay what it lets through. */
import { createHash, createHmac, randomBytes } from 'node:crypto'
import { isIP } from 'node:net'
import { parseIpRange } from '../ip-range.ts'

export const METHOD = {
  binding: 0x001,
  allocate: 0x003,
  refresh: 0x004,
  send: 0x006,
  data: 0x007,
  permit: 0x008,
}
export const ATTRIBUTE = {
  username: 0x0006,
  integrity: 0x0008,
  errorCode: 0x0009,
  lifetime: 0x000d,
  peerAddress: 0x0012,
  data: 0x0013,
  realm: 0x0014,
  nonce: 0x0015,
  relayedAddress: 0x0016,
  addressFamily: 0x0017,
  transport: 0x0019,
  mappedAddress: 0x0020,
}
const COOKIE = 0x2112a442
const HEADER_BYTES = 20

export type Attribute = readonly [type: number, value: Uint8Array]

export interface StunMessage {
  readonly method: number
  readonly kind: 'request' | 'indication' | 'success' | 'error'
  readonly transaction: string
  readonly attributes: ReadonlyMap<number, Buffer>
}

export interface Secrets {
  readonly username: string
  readonly credential: string
  readonly realm: Buffer
  readonly nonce: Buffer
}

/** Method and class share 14 bits (RFC 8489 §5, figure 3). The methods here are below 16. */
const KIND_BITS = { request: 0x000, indication: 0x010, success: 0x100, error: 0x110 } as const

function writeAttribute([type, value]: Attribute): Buffer {
  const head = Buffer.alloc(4)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(value.length, 2)
  return Buffer.concat([head, value, Buffer.alloc(-value.length & 3)])
}

function header(type: number, length: number, transaction: Buffer): Buffer {
  const head = Buffer.alloc(8)
  head.writeUInt16BE(type, 0)
  head.writeUInt16BE(length, 2)
  head.writeUInt32BE(COOKIE, 4)
  return Buffer.concat([head, transaction])
}

/** With `secrets` the message is signed under the long-term credential (RFC 8489 §9.2.2). */
export function writeStun(
  method: number,
  kind: 'request' | 'indication',
  attributes: readonly Attribute[],
  secrets?: Secrets,
  transaction: Buffer = randomBytes(12),
): { readonly bytes: Buffer; readonly transaction: string } {
  const type = method | KIND_BITS[kind]
  const named: Attribute[] = secrets
    ? [
        [ATTRIBUTE.username, Buffer.from(secrets.username)],
        [ATTRIBUTE.realm, secrets.realm],
        [ATTRIBUTE.nonce, secrets.nonce],
      ]
    : []
  const body = Buffer.concat([...attributes, ...named].map(writeAttribute))
  const name = transaction.toString('hex')
  if (!secrets)
    return { bytes: Buffer.concat([header(type, body.length, transaction), body]), transaction: name }
  const { username, realm, credential } = secrets
  const key = createHash('md5').update(`${username}:${realm}:${credential}`).digest()
  // The length counts the integrity attribute, which is over everything before it.
  const signed = Buffer.concat([header(type, body.length + 24, transaction), body])
  const integrity = writeAttribute([ATTRIBUTE.integrity, createHmac('sha1', key).update(signed).digest()])
  return { bytes: Buffer.concat([signed, integrity]), transaction: name }
}

/** Bytes of the first message in `bytes`, `null` until all of it is there. */
export function messageBytes(bytes: Buffer): number | null {
  if (bytes.length < HEADER_BYTES) return null
  const length = HEADER_BYTES + bytes.readUInt16BE(2)
  return bytes.length < length ? null : length
}

export function readStun(bytes: Buffer): StunMessage {
  const type = bytes.readUInt16BE(0)
  const attributes = new Map<number, Buffer>()
  for (let at = HEADER_BYTES; at + 4 <= bytes.length; ) {
    const length = bytes.readUInt16BE(at + 2)
    attributes.set(bytes.readUInt16BE(at), bytes.subarray(at + 4, at + 4 + length))
    at += 4 + length + (-length & 3)
  }
  const bits = type & 0x110
  const kind = bits === 0 ? 'request' : bits === 0x10 ? 'indication' : bits === 0x100 ? 'success' : 'error'
  return { method: type & 0x0f, kind, transaction: bytes.subarray(8, 20).toString('hex'), attributes }
}

/** The code of an answer, 0 for success. */
export function errorCodeOf({ kind, attributes }: StunMessage): number {
  const value = attributes.get(ATTRIBUTE.errorCode)
  return kind === 'error' && value ? (value[2] ?? 0) * 100 + (value[3] ?? 0) : 0
}

function addressBytes(address: string): Buffer {
  const { first = '' } = parseIpRange(address) ?? {}
  if (isIP(address) === 4) return Buffer.from(first.split('.').map(Number))
  return Buffer.from(
    first
      .split(':')
      .map((group) => group.padStart(4, '0'))
      .join(''),
    'hex',
  )
}

/** XOR-PEER-ADDRESS (RFC 8489 §14.2): IPv6 addresses are hidden under the message's own transaction as well. */
export function xorAddress(address: string, port: number, transaction: Buffer): Buffer {
  const mask = Buffer.concat([Buffer.from('2112a442', 'hex'), transaction])
  const bytes = addressBytes(address).map((byte, i) => byte ^ (mask[i] ?? 0))
  const head = Buffer.alloc(4)
  head[1] = isIP(address) === 4 ? 1 : 2
  head.writeUInt16BE(port ^ (COOKIE >>> 16), 2)
  return Buffer.concat([head, bytes])
}

/** IPv4 only. */
export function readXorAddress(value: Buffer): { readonly address: string; readonly port: number } {
  const mask = [0x21, 0x12, 0xa4, 0x42]
  const address = [...value.subarray(4, 8)].map((byte, i) => byte ^ (mask[i] ?? 0)).join('.')
  return { address, port: value.readUInt16BE(2) ^ (COOKIE >>> 16) }
}
