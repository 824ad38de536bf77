/**
 * HELLO and AUTH: who is at the other end of this very DTLS connection. Rules: docs/spec.md, HS.
 *
 * Both sides send HELLO, then AUTH: a signature over both HELLOs and both certificate fingerprints. A signaling
 * server that put itself between them sees two connections with other fingerprints, and both sides refuse.
 */
import { type ByteReader, ByteWriter } from '../codec.ts'
import { sha256, withContext } from '../hash.ts'
import { CHAIN_BYTES } from '../limits.ts'

export const PEER_VERSION = 1

export interface HelloFrame {
  readonly type: 'hello'
  readonly version: number
  /** 32 random bytes. */
  readonly nonce: Uint8Array
  /** 16 random bytes that name this running copy of the room. */
  readonly instance: Uint8Array
  /** iv ‖ AES-GCM of the grant chain under the signal key. */
  readonly sealedChain: Uint8Array
  readonly epoch: number
  /** SHA-256 over the meta heads, 32 bytes; zero while there is no meta. */
  readonly metaHeads: Uint8Array
}

export interface AuthFrame {
  readonly type: 'auth'
  /** Ed25519 of the device key over {@link authMessage}, 64 bytes. */
  readonly signature: Uint8Array
}

export function encodeHello(frame: HelloFrame, writer: ByteWriter): void {
  writer
    .varUint(frame.version)
    .fixed(frame.nonce)
    .fixed(frame.instance)
    .bytes(frame.sealedChain)
    .varUint(frame.epoch)
    .fixed(frame.metaHeads)
}

export function decodeHello(reader: ByteReader): HelloFrame {
  return {
    type: 'hello',
    version: reader.varUint(),
    nonce: reader.fixed(32),
    instance: reader.fixed(16),
    sealedChain: reader.bytes(CHAIN_BYTES + 28),
    epoch: reader.varUint(),
    metaHeads: reader.fixed(32),
  }
}

export interface Transcript {
  /** HELLO as sent by whoever made the first offer, whole frame. */
  readonly offererHello: Uint8Array
  readonly answererHello: Uint8Array
  /** SHA-256 fingerprints of the DTLS certificates, 32 bytes each. */
  readonly offererFingerprint: Uint8Array
  readonly answererFingerprint: Uint8Array
}

/** The role byte keeps a side from being shown its own signature. */
export function authMessage(side: 'offerer' | 'answerer', transcript: Transcript): Uint8Array<ArrayBuffer> {
  const parts = new ByteWriter()
    .bytes(transcript.offererHello)
    .bytes(transcript.answererHello)
    .fixed(transcript.offererFingerprint)
    .fixed(transcript.answererFingerprint)
    .done()
  return withContext('parley/hs/v1', new Uint8Array([side === 'offerer' ? 0 : 1]), sha256(parts))
}

/** Additional data of the sealed chain. */
export function helloAdditionalData(nonce: Uint8Array): Uint8Array<ArrayBuffer> {
  return withContext('parley/hello/v1', nonce)
}
