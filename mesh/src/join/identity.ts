/** Who this running copy of a room is towards signaling and peers. */
import type { RoomId, Standing } from '@parley/protocol'
import type { AeadKey, Signer } from '../ports.ts'

export interface Identity {
  readonly roomId: RoomId
  readonly signer: Signer
  readonly standing: Standing
  /** Encoded grant chain that ends in the signer's key. */
  readonly chain: Uint8Array
  /** 16 random bytes for this running copy, and the same as base64url. */
  readonly instance: Uint8Array
  readonly instanceName: string
  readonly signalKey: AeadKey
}
