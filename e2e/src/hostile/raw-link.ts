/** A proven link of a client that then sends whatever it likes. */
import {
  authMessage,
  CLOSE,
  encodeFrame,
  type Frame,
  type HelloFrame,
  helloAdditionalData,
  PEER_VERSION,
  type SealedSignal,
  signalKeyOf,
  toBase64Url,
} from '@parley/protocol'
import type { Guest } from './guest.ts'
import { random, seal } from './keys.ts'
import { chunksOf, RawAssembler, type RawLane } from './raw-chunks.ts'
import type { RawSignaling } from './raw-signaling.ts'
import { type Connection, fingerprintOf, newConnection, offerOf, opened } from './rtc.ts'

const WINDOW_BYTES = 1 << 20

export class RawLink {
  readonly #guest: Guest
  readonly #connection: Connection
  readonly #channel: RTCDataChannel
  readonly #assembler = new RawAssembler()
  #ownHello: HelloFrame | null = null
  #fingerprints: { readonly offerer: Uint8Array; readonly answerer: Uint8Array } | null = null
  /** All frames that came, in order. */
  readonly frames: Frame[] = []
  /** The code of their CLOSE, 1001 when the connection just ended; `null` while it lives. */
  closeCode: number | null = null
  /** They have verified us. */
  readonly proven: Promise<void>
  #tellProven: () => void = () => undefined

  private constructor(guest: Guest) {
    this.#guest = guest
    this.#connection = newConnection()
    this.#channel = this.#connection.createDataChannel('data')
    this.proven = new Promise((resolve) => {
      this.#tellProven = resolve
    })
    this.#channel.addEventListener('message', (event) => this.#handleMessage(event.data))
    this.#channel.addEventListener('close', () => this.#end(CLOSE.goingAway))
  }

  /** Offers to one peer; resolves when the channel is open and HELLO is on its way. */
  static async to(peer: string, signaling: RawSignaling, guest: Guest): Promise<RawLink> {
    const link = new RawLink(guest)
    const offer = await offerOf(link.#connection)
    const attempt = toBase64Url(random(8))
    const instance = toBase64Url(guest.instance)
    signaling.listen(peer, (signal) => void link.#handleSignal(attempt, offer, signal))
    signaling.send(peer, { type: 'offer', attempt, sdp: offer, instance, linked: [] })
    await opened(link.#channel)
    link.#sendHello()
    return link
  }

  get isOpen(): boolean {
    return this.#channel.readyState === 'open'
  }

  send(frame: Frame, lane: RawLane = 'control'): void {
    for (const chunk of chunksOf(frame, lane)) this.sendChunk(chunk)
  }

  sendChunk(chunk: Uint8Array<ArrayBuffer>): void {
    this.#channel.send(chunk)
  }

  close(): void {
    this.#connection.close()
  }

  async #handleSignal(attempt: string, offer: string, signal: SealedSignal): Promise<void> {
    if (signal.attempt !== attempt) return
    if (signal.type === 'answer') {
      this.#fingerprints = { offerer: fingerprintOf(offer), answerer: fingerprintOf(signal.sdp) }
      await this.#connection.setRemoteDescription({ type: 'answer', sdp: signal.sdp })
    } else if (signal.type === 'candidates') {
      for (const candidate of signal.candidates) {
        await this.#connection.addIceCandidate(candidate as RTCIceCandidateInit)
      }
    }
  }

  #end(code: number): void {
    this.closeCode ??= code
  }

  #sendHello(): void {
    const { readKey, chain, instance } = this.#guest
    const nonce = random(32)
    this.#ownHello = {
      type: 'hello',
      version: PEER_VERSION,
      nonce,
      instance,
      sealedChain: seal(signalKeyOf(readKey), helloAdditionalData(nonce), chain),
      epoch: 0,
      metaHeads: new Uint8Array(32),
    }
    this.send(this.#ownHello)
  }

  #handleMessage(data: ArrayBuffer): void {
    const frame = this.#assembler.push(new Uint8Array(data))
    if (!frame) return
    this.frames.push(frame)
    switch (frame.type) {
      case 'hello':
        return this.#sendAuth(frame)
      case 'auth':
        return this.send({ type: 'credit', bytes: WINDOW_BYTES })
      case 'credit':
        return this.#tellProven()
      case 'ping':
        return this.send({ type: 'pong', count: frame.count })
      case 'close':
        return this.#end(frame.code)
      default:
        return
    }
  }

  #sendAuth(theirs: HelloFrame): void {
    if (!this.#ownHello || !this.#fingerprints) throw new Error('HELLO before the answer')
    const message = authMessage('offerer', {
      offererHello: encodeFrame(this.#ownHello),
      answererHello: encodeFrame(theirs),
      offererFingerprint: this.#fingerprints.offerer,
      answererFingerprint: this.#fingerprints.answerer,
    })
    this.send({ type: 'auth', signature: this.#guest.keys.sign(message) })
  }
}
