/** Small helpers over byte arrays; everything on the wire is a `Uint8Array`. */

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

const utf8Encoder = new TextEncoder()
const SHORT_BYTES = 64
const utf8Decoder = new TextDecoder('utf-8', { fatal: true })

export function utf8(text: string): Uint8Array {
  return utf8Encoder.encode(text)
}

/** Throws a `TypeError` on bytes that are not UTF-8. */
export function utf8Decode(bytes: Uint8Array): string {
  return asciiOf(bytes) ?? utf8Decoder.decode(bytes)
}

/** Names in frames are short and ASCII, and calling the decoder takes longer than the rest of reading a frame. */
function asciiOf(bytes: Uint8Array): string | null {
  if (bytes.length > SHORT_BYTES) return null
  for (const byte of bytes) if (byte > 0x7f) return null
  return String.fromCharCode(...bytes)
}

export function concatBytes(...parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  let length = 0
  for (const part of parts) length += part.length
  const out = new Uint8Array(length)
  let at = 0
  for (const part of parts) {
    out.set(part, at)
    at += part.length
  }
  return out
}

/** Not constant time: for public values (ids, hashes, fingerprints) only. */
export function equalBytes(a: Uint8Array, b: Uint8Array): boolean {
  if (a.length !== b.length) return false
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false
  return true
}

/** Lexicographic order: negative when `a` sorts first. */
export function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length)
  for (let i = 0; i < length; i++) {
    const difference = (a[i] as number) - (b[i] as number)
    if (difference !== 0) return difference
  }
  return a.length - b.length
}

const CODES: Uint8Array = Uint8Array.from(ALPHABET, (character) => character.charCodeAt(0))

/**
 * RFC 4648 §5, without padding. Made in one piece: a text that grows by a character at a time stays a chain of as many
 * pieces of 32 bytes in V8, 1.4 KB for a key that somebody holds.
 */
export function toBase64Url(bytes: Uint8Array): string {
  const codes = new Uint8Array(Math.ceil((bytes.length * 4) / 3))
  let at = 0
  for (let i = 0; i < bytes.length; i += 3) {
    const a = bytes[i] as number
    const b = bytes[i + 1]
    const c = bytes[i + 2]
    codes[at++] = CODES[a >> 2] as number
    codes[at++] = CODES[((a & 3) << 4) | ((b ?? 0) >> 4)] as number
    if (b !== undefined) codes[at++] = CODES[((b & 15) << 2) | ((c ?? 0) >> 6)] as number
    if (c !== undefined) codes[at++] = CODES[c & 63] as number
  }
  return utf8Decoder.decode(codes)
}

const VALUES: Readonly<Record<string, number>> = Object.fromEntries(
  [...ALPHABET].map((character, index) => [character, index]),
)

/** Returns `null` for anything that `toBase64Url` would not have produced. */
export function fromBase64Url(text: string): Uint8Array | null {
  if (text.length % 4 === 1) return null
  const out = new Uint8Array((text.length * 3) >> 2)
  let bits = 0
  let held = 0
  let at = 0
  for (const character of text) {
    const value = VALUES[character]
    if (value === undefined) return null
    held = ((held << 6) | value) & 0xffff
    bits += 6
    if (bits >= 8) {
      bits -= 8
      out[at++] = (held >> bits) & 255
    }
  }
  return (held & ((1 << bits) - 1)) === 0 ? out : null
}
