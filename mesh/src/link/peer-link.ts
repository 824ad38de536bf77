/**
 * One link to one peer, over an open transport: frames in lanes, back-pressure on both sides, pings, closing.
 *
 * The two ends open up together. A link that begins `unproven` sends no more than the two frames of a handshake until
 * both sides have called {@link PeerLink.proven}, which each tells the other with its first CREDIT. Otherwise the side
 * that verifies faster would run into the limits that the slower one still holds against strangers.
 */
import {
  CLOSE,
  type CloseFrame,
  type CreditFrame,
  decodeFrame,
  encodeFrame,
  FRAME,
  MalformedError,
  type PingFrame,
  type PongFrame,
  TooLargeError,
} from '@parley/protocol'
import { ParleyError } from '../errors.ts'
import { CLOSE_DRAIN_MS, CLOSE_POLL_MS, CREDIT_WINDOW_BYTES, LINK_UPKEEP } from '../limits.ts'
import type { Clock, Unsubscribe } from '../ports.ts'
import { ChannelWriter, type LinkTransport } from './channel-writer.ts'
import { type AssembledFrame, ChunkAssembler, type Lane, laneOf } from './chunk.ts'
import { TokenBucket } from './link-budget.ts'
import { Liveness } from './liveness.ts'
import { ReceiveWindow } from './receive-window.ts'
import { type BulkLane, SendQueue, type UrgentLane } from './send-queue.ts'
import { UnprovenGuard } from './unproven-guard.ts'

export interface LinkCloseReason {
  /** Of the CLOSE frame; for `transport` always `CLOSE.goingAway`. */
  readonly code: number
  readonly by: 'us' | 'them' | 'transport'
  readonly detail: string
}

export interface PeerLinkEvents {
  /** May throw {@link MalformedError}: the link is then closed as malformed. */
  frame(frame: Uint8Array, lane: Lane): void
  /** Exactly once; nothing follows. */
  closed(reason: LinkCloseReason): void
  /** After `send` refused a live frame: all live frames that waited have gone. */
  liveDrained?(): void
}

export interface PeerLinkOptions {
  /** The other side has yet to prove who it is; see {@link PeerLink.proven}. */
  readonly unproven?: boolean
}

export interface PeerLinkStats {
  /** Chunks with their headers. */
  readonly sentBytes: number
  readonly receivedBytes: number
  readonly sentFrames: number
  readonly receivedFrames: number
  /** Frames that wait here for the channel or for credit. */
  readonly queuedBytes: number
  /** Handed to the channel and not yet sent by it. */
  readonly bufferedBytes: number
}

const OFFER = { control: 'offerControl', presence: 'offerPresence', live: 'offerLive' } as const
type OwnFrame = CloseFrame | CreditFrame | PingFrame | PongFrame
const OWN_TYPES: ReadonlySet<number | undefined> = new Set([
  FRAME.close,
  FRAME.credit,
  FRAME.ping,
  FRAME.pong,
])

export class PeerLink {
  readonly #transport: LinkTransport
  readonly #clock: Clock
  readonly #events: PeerLinkEvents
  readonly #assembler = new ChunkAssembler()
  readonly #queue: SendQueue
  readonly #writer: ChannelWriter
  readonly #window = new ReceiveWindow()
  readonly #liveness: Liveness
  /** `null` once proven. */
  #guard: UnprovenGuard | null
  /** They have proven us. */
  #welcomed: boolean
  /** `closing`: CLOSE is on its way out; `gone`: the transport is closed. */
  #state: 'open' | 'closing' | 'gone' = 'open'
  #cancelDrain: Unsubscribe | null = null
  #liveRefused = false
  readonly #upkeep: TokenBucket
  #receivedBytes = 0
  #receivedFrames = 0

  /** `transport` is open; whoever connected it passes its events to the `handle…` methods. */
  constructor(transport: LinkTransport, clock: Clock, events: PeerLinkEvents, options: PeerLinkOptions = {}) {
    const unproven = options.unproven ?? false
    this.#transport = transport
    this.#clock = clock
    this.#events = events
    this.#upkeep = new TokenBucket(LINK_UPKEEP, clock.nowMs())
    this.#guard = unproven ? new UnprovenGuard() : null
    this.#welcomed = !unproven
    this.#queue = new SendQueue(unproven)
    this.#writer = new ChannelWriter(transport, this.#queue, (error) => {
      this.handleTransportClosed(error)
      transport.close()
    })
    this.#liveness = new Liveness(clock, {
      ping: (count) => this.#queue.isOpen && this.#sendOwn({ type: 'ping', count }),
      silent: () => this.close(CLOSE.timeout, 'nothing came for too long'),
    })
  }

  /** Clock time of the last byte that came; of the constructor before. */
  get lastReceivedMs(): number {
    return this.#liveness.lastReceivedMs
  }

  /** A frame in one chunk, of {@link splitFrame}, where nothing is in its way; false, and it is not sent, otherwise. */
  sendNow(chunk: Uint8Array): boolean {
    return this.#state === 'open' && this.#writer.sendNow(chunk)
  }

  /** Of the last ping that was answered, in milliseconds. */
  get roundTripMs(): number | null {
    return this.#liveness.roundTripMs
  }

  get stats(): PeerLinkStats {
    return {
      sentBytes: this.#writer.sentBytes,
      receivedBytes: this.#receivedBytes,
      sentFrames: this.#writer.sentFrames,
      receivedFrames: this.#receivedFrames,
      queuedBytes: this.#queue.queuedBytes,
      bufferedBytes: this.#writer.bufferedBytes,
    }
  }

  /** The other side's proof was verified: the limits for strangers end, and it may send bulk frames. */
  proven(): void {
    if (!this.#guard || this.#state !== 'open') return
    this.#guard = null
    if (this.#welcomed) this.#queue.open()
    this.#sendOwn({ type: 'credit', bytes: CREDIT_WINDOW_BYTES })
  }

  /**
   * False when the frame was not taken: too much waits already, or the link is closed. A control frame that finds no
   * room closes the link. Throws a `RangeError` for a frame over its lane's maximum. `frame` must not change later.
   */
  send(frame: Uint8Array, lane: UrgentLane): boolean {
    if (this.#state !== 'open') return false
    const taken = this.#queue[OFFER[lane]](frame)
    if (taken) this.#pump()
    else if (lane === 'control') this.close(CLOSE.rate, 'too many control frames wait')
    else if (lane === 'live') this.#liveRefused = true
    return taken
  }

  /**
   * Resolves when the frame was handed to the channel, so that who serves a long range holds one frame at a time.
   * Rejects with {@link ParleyError} `closed`. `frame` must not change before.
   */
  sendBulk(frame: Uint8Array, lane: BulkLane): Promise<void> {
    return new Promise((resolve, reject) => {
      const dropped = (): void => reject(new ParleyError('closed', 'The link was closed.'))
      if (this.#state !== 'open') return dropped()
      this.#queue.addBulk(frame, lane, { handedOver: resolve, dropped })
      this.#pump()
    })
  }

  /** So many bytes of bulk frames (their lengths) were dealt with. Throws a `RangeError` if more than came. */
  consumed(bytes: number): void {
    if (this.#state !== 'open') return
    const granted = this.#window.consumed(bytes)
    if (granted > 0) this.#sendOwn({ type: 'credit', bytes: granted })
  }

  handleMessage(bytes: Uint8Array): void {
    if (this.#state !== 'open') return
    this.#receivedBytes += bytes.length
    this.#liveness.heard()
    try {
      this.#guard?.chunk(bytes.length, laneOf(bytes))
      const assembled = this.#assembler.push(bytes)
      if (assembled) this.#receive(assembled)
    } catch (error) {
      if (!(error instanceof MalformedError)) throw error
      this.close(error instanceof TooLargeError ? CLOSE.tooLarge : CLOSE.malformed, error.message)
    }
  }

  handleWritable(): void {
    this.#pump()
  }

  handleTransportClosed(error: Error | null): void {
    const wasOpen = this.#state === 'open'
    this.#gone()
    if (wasOpen) this.#report(CLOSE.goingAway, 'transport', error?.message ?? 'the transport was closed')
  }

  /** Tells the other side, reports at once, and closes the transport when CLOSE has left it or after a second. */
  close(code: number, detail: string): void {
    if (this.#state !== 'open') return
    this.#state = 'closing'
    this.#queue.closeWith(encodeFrame({ type: 'close', code }))
    this.#drain(CLOSE_DRAIN_MS)
    this.#report(code, 'us', detail)
  }

  #report(code: number, by: LinkCloseReason['by'], detail: string): void {
    this.#liveness.stop()
    this.#events.closed({ code, by, detail })
  }

  #receive({ frame, lane }: AssembledFrame): void {
    this.#receivedFrames++
    const type = frame[0]
    this.#guard?.frame(type)
    if (OWN_TYPES.has(type)) {
      if (lane !== 'control') throw new MalformedError(`link frame in lane ${lane}`)
      if (!this.#upkeep.take(1, this.#clock.nowMs())) this.close(CLOSE.rate, 'too many pings or credits')
      else this.#receiveOwn(decodeFrame(frame) as OwnFrame)
    } else if ((lane === 'sync' || lane === 'blob') && !this.#window.arrived(frame.length)) {
      this.close(CLOSE.rate, 'sent beyond its credit')
    } else {
      this.#events.frame(frame, lane)
    }
  }

  #receiveOwn(frame: OwnFrame): void {
    switch (frame.type) {
      case 'credit':
        this.#granted(frame.bytes)
        return
      case 'ping':
        this.#sendOwn({ type: 'pong', count: frame.count })
        return
      case 'pong':
        this.#liveness.pong(frame.count)
        return
      case 'close':
        this.#leave()
        this.#report(frame.code, 'them', 'closed by the other side')
        return
      default:
        frame satisfies never
    }
  }

  #granted(bytes: number): void {
    this.#queue.grant(bytes)
    this.#welcomed = true
    if (!this.#guard) this.#queue.open()
    this.#pump()
  }

  #sendOwn(frame: CreditFrame | PingFrame | PongFrame): void {
    if (this.#queue.offerOwn(encodeFrame(frame))) this.#pump()
    else this.close(CLOSE.rate, 'too many answers wait')
  }

  #pump(): void {
    this.#writer.run()
    if (!this.#liveRefused || this.#state !== 'open' || this.#queue.laneBytes('live') > 0) return
    this.#liveRefused = false
    this.#events.liveDrained?.()
  }

  #leave(): void {
    this.#gone()
    this.#transport.close()
  }

  #gone(): void {
    this.#state = 'gone'
    this.#cancelDrain?.()
    this.#writer.stop()
  }

  #drain(leftMs: number): void {
    this.#writer.run()
    if (this.#state === 'gone') return
    if (this.#writer.isDrained || leftMs <= 0) this.#leave()
    else this.#cancelDrain = this.#clock.after(CLOSE_POLL_MS, () => this.#drain(leftMs - CLOSE_POLL_MS))
  }
}
