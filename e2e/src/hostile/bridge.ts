/**
 * The machine in the middle: each side believes to be connected to the other, and both are connected to this, over two
 * DTLS connections with certificates of its own. What one side sends it shows to the other unchanged, but for CLOSE:
 * each side has to find out for itself.
 */
import type { Frame, SealedSignal } from '@parley/protocol'
import type { HostileSignaling, OverheardSignal } from './hostile-signaling.ts'
import { RawAssembler } from './raw-chunks.ts'
import { answerTo, type Connection, newConnection, offerOf, opened, theirChannel } from './rtc.ts'

type Offer = Extract<SealedSignal, { type: 'offer' }>

export interface Captured {
  readonly by: 'offerer' | 'answerer'
  readonly frame: Frame
}

export class Bridge {
  readonly captured: Captured[] = []
  readonly #signaling: HostileSignaling
  readonly #connections = new Map<string, Connection>()

  constructor(signaling: HostileSignaling) {
    this.#signaling = signaling
    signaling.onSignal = (overheard) => this.#handle(overheard)
  }

  framesOf(side: Captured['by']): readonly Frame[] {
    return this.captured.filter(({ by }) => by === side).map(({ frame }) => frame)
  }

  close(): void {
    for (const connection of this.#connections.values()) connection.close()
  }

  /** Only the first attempt is bridged: what follows is the same again. */
  #handle({ from, to, signal }: OverheardSignal): void {
    if (signal.type === 'offer' && this.#connections.size === 0) void this.#bridge(from, to, signal)
    const connection = this.#connections.get(`${from} ${signal.attempt}`)
    if (!connection) return
    if (signal.type === 'answer') void connection.setRemoteDescription({ type: 'answer', sdp: signal.sdp })
    if (signal.type !== 'candidates') return
    for (const candidate of signal.candidates)
      void connection.addIceCandidate(candidate as RTCIceCandidateInit)
  }

  async #bridge(offerer: string, answerer: string, offer: Offer): Promise<void> {
    const { attempt, instance } = offer
    const toOfferer = newConnection()
    const toAnswerer = newConnection()
    this.#connections.set(`${offerer} ${attempt}`, toOfferer)
    this.#connections.set(`${answerer} ${attempt}`, toAnswerer)
    const fromOfferer = theirChannel(toOfferer)
    const ownChannel = toAnswerer.createDataChannel('data')
    this.#pipe(
      fromOfferer,
      opened(ownChannel).then(() => ownChannel),
      'offerer',
    )
    this.#pipe(Promise.resolve(ownChannel), fromOfferer, 'answerer')
    this.#signaling.say(answerer, offerer, {
      type: 'answer',
      attempt,
      instance,
      sdp: await answerTo(toOfferer, offer.sdp),
    })
    this.#signaling.say(offerer, answerer, { ...offer, sdp: await offerOf(toAnswerer) })
  }

  /** Data is kept until the other leg is open. */
  #pipe(from: Promise<RTCDataChannel>, to: Promise<RTCDataChannel>, by: Captured['by']): void {
    const assembler = new RawAssembler()
    let tail: Promise<unknown> = Promise.resolve()
    void from.then((channel) => {
      channel.binaryType = 'arraybuffer'
      channel.addEventListener('message', ({ data }: MessageEvent<ArrayBuffer>) => {
        const frame = assembler.push(new Uint8Array(data))
        if (frame) this.captured.push({ by, frame })
        if (frame?.type === 'close') return
        tail = tail.then(async () => (await to).send(data))
      })
    })
  }
}
