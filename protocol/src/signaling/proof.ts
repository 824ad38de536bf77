/** Proof of possession towards the signaling server. Rules: docs/spec.md, SG. */
import { utf8 } from '../bytes.ts'
import { withContext } from '../hash.ts'
import { idBytes, type RoomId } from '../ids.ts'

/**
 * What the client signs with its device key. `host` is the host (and port) that the client itself dialled, so that a
 * server cannot pass on another server's challenge.
 *
 * @param nonce 32 bytes from `challenge`
 */
export function signalingProofMessage(
  host: string,
  nonce: Uint8Array,
  roomId: RoomId,
): Uint8Array<ArrayBuffer> {
  const name = utf8(host.toLowerCase())
  return withContext('parley/sig/v1', new Uint8Array([name.length & 255]), name, nonce, idBytes(roomId))
}
