/**
 * HELLO and AUTH: both sides show their grants and prove, over this very DTLS connection, that they hold the keys behind
 * them. Rules: docs/spec.md, HS.
 */
import {
  type AuthFrame,
  authMessage,
  type ChainVerdict,
  type CloseReason,
  concatBytes,
  encodeFrame,
  equalBytes,
  type HelloFrame,
  helloAdditionalData,
  IV_BYTES,
  idBytes,
  PEER_VERSION,
  type Standing,
} from '@parley/protocol'
import type { Cipher, Keyring, Random } from '../ports.ts'
import type { Identity } from './identity.ts'

export type Side = 'offerer' | 'answerer'

export interface ProofDeps {
  readonly identity: Identity
  readonly cipher: Cipher
  readonly keyring: Keyring
  readonly random: Random
  readonly nowMs: () => number
  /** Highest epoch known here, and SHA-256 over the heads of `meta`, 32 bytes. */
  readonly known: () => { readonly epoch: number; readonly metaHeads: Uint8Array }
  readonly learnChain: (chain: Uint8Array) => Promise<ChainVerdict>
}

/** A refusal with the code that both sides are told. */
export class ProofRefused extends Error {
  override readonly name = 'ProofRefused'
  readonly reason: CloseReason
  constructor(reason: CloseReason, detail: string) {
    super(detail)
    this.reason = reason
  }
}

export interface Fingerprints {
  readonly local: Uint8Array
  readonly remote: Uint8Array
}

export interface ProvenPeer {
  readonly standing: Standing
  readonly chain: Uint8Array
  readonly instance: Uint8Array
  readonly epoch: number
  readonly metaHeads: Uint8Array
}

export class RoleProof {
  readonly #deps: ProofDeps
  readonly #side: Side
  readonly #fingerprints: Fingerprints
  #ownHello: Uint8Array | null = null
  #theirHello: Uint8Array | null = null
  #peer: ProvenPeer | null = null

  constructor(deps: ProofDeps, side: Side, fingerprints: Fingerprints) {
    this.#deps = deps
    this.#side = side
    this.#fingerprints = fingerprints
  }

  /** First frame on the link. */
  async hello(): Promise<Uint8Array> {
    const { identity, cipher, random } = this.#deps
    const nonce = random.bytes(32)
    const iv = random.bytes(IV_BYTES)
    const sealed = await cipher.encrypt(identity.signalKey, iv, helloAdditionalData(nonce), identity.chain)
    this.#ownHello = encodeFrame({
      type: 'hello',
      version: PEER_VERSION,
      nonce,
      instance: identity.instance,
      sealedChain: concatBytes(iv, sealed),
      ...this.#deps.known(),
    })
    return this.#ownHello
  }

  /** Takes the other side's HELLO; resolves to our AUTH frame. Rejects with {@link ProofRefused}. */
  async handleHello(frame: HelloFrame, bytes: Uint8Array): Promise<Uint8Array> {
    if (frame.version !== PEER_VERSION) throw new ProofRefused('version', `version ${frame.version}`)
    const { identity, cipher } = this.#deps
    const iv = frame.sealedChain.slice(0, IV_BYTES)
    const sealed = frame.sealedChain.slice(IV_BYTES)
    const chain = await cipher.decrypt(identity.signalKey, iv, helloAdditionalData(frame.nonce), sealed)
    if (!chain) throw new ProofRefused('notProven', 'chain is not sealed for this room')
    const verdict = await this.#deps.learnChain(chain)
    if (!verdict.ok) throw new ProofRefused('notProven', `grants: ${verdict.fault}`)
    if (verdict.standing.notAfterMs < this.#deps.nowMs())
      throw new ProofRefused('notProven', 'grant has ended')
    const instance = frame.instance.slice()
    if (equalBytes(instance, identity.instance)) throw new ProofRefused('notProven', 'this very copy')
    this.#theirHello = bytes.slice()
    this.#peer = {
      standing: verdict.standing,
      chain,
      instance,
      epoch: frame.epoch,
      metaHeads: frame.metaHeads.slice(),
    }
    return encodeFrame({ type: 'auth', signature: await identity.signer.sign(this.#message(this.#side)) })
  }

  /** Takes the other side's AUTH. Rejects with {@link ProofRefused}. */
  async handleAuth(frame: AuthFrame): Promise<ProvenPeer> {
    const peer = this.#peer
    if (!peer) throw new ProofRefused('notProven', 'AUTH before HELLO')
    const message = this.#message(this.#side === 'offerer' ? 'answerer' : 'offerer')
    const ok = await this.#deps.keyring.verify(idBytes(peer.standing.key), message, frame.signature)
    if (!ok) throw new ProofRefused('notProven', 'transcript')
    return peer
  }

  #message(side: Side): Uint8Array {
    const own = this.#ownHello as Uint8Array
    const theirs = this.#theirHello as Uint8Array
    const { local, remote } = this.#fingerprints
    const weOffered = this.#side === 'offerer'
    return authMessage(side, {
      offererHello: weOffered ? own : theirs,
      answererHello: weOffered ? theirs : own,
      offererFingerprint: weOffered ? local : remote,
      answererFingerprint: weOffered ? remote : local,
    })
  }
}
