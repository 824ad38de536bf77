/**
 * What waits for one link, and what goes next. No I/O.
 *
 * The next chunk always comes from the most urgent lane that has one. Bulk lanes go only as far as the receiver has
 * granted: a channel's own buffer tells nothing about whether anybody reads at the other end.
 */
import { limits, MalformedError } from '@parley/protocol'
import {
  CONTROL_QUEUE_BYTES,
  CREDIT_WINDOW_BYTES,
  LIVE_QUEUE_BYTES,
  PRESENCE_QUEUE_BYTES,
  QUEUE_FRAMES,
} from '../limits.ts'
import { type FrameCursor, LANES, type Lane, splitFrame } from './chunk.ts'

export type UrgentLane = 'control' | 'presence' | 'live'
export type BulkLane = 'sync' | 'blob'

/** Told about one bulk frame: exactly one of both, once. */
export interface BulkWaiter {
  handedOver(): void
  dropped(): void
}

interface Waiting {
  readonly cursor: FrameCursor
  readonly waiter: BulkWaiter | null
}

interface Queue {
  frames: Waiting[]
  /** The frame that was cut into but not through; it goes before all others of its lane. */
  begun: Waiting | null
  bytes: number
}

/** `finished`: the chunk completes its frame. */
export interface Outgoing {
  readonly chunk: Uint8Array<ArrayBuffer>
  readonly finished: boolean
  readonly waiter: BulkWaiter | null
}

const QUEUE_BYTES: Readonly<Record<UrgentLane, number>> = {
  control: CONTROL_QUEUE_BYTES,
  presence: PRESENCE_QUEUE_BYTES,
  live: LIVE_QUEUE_BYTES,
}

const newQueue = (): Queue => ({ frames: [], begun: null, bytes: 0 })
const isBulk = (lane: Lane): lane is BulkLane => lane === 'sync' || lane === 'blob'

export class SendQueue {
  readonly #queues: Readonly<Record<Lane, Queue>> = {
    control: newQueue(),
    presence: newQueue(),
    live: newQueue(),
    sync: newQueue(),
    blob: newQueue(),
  }
  /** The link's own frames, each a few bytes: they travel in the control lane, before everything else in it. */
  #own: Waiting[] = []
  #creditBytes: number
  /** Control frames that may still begin before {@link open}; nothing else may. */
  #openingFrames: number

  /** `held`: only the frames of a handshake go, until {@link open}; and no credit is there from the start. */
  constructor(held: boolean) {
    this.#creditBytes = held ? 0 : CREDIT_WINDOW_BYTES
    this.#openingFrames = held ? limits.UNPROVEN_FRAMES : Number.POSITIVE_INFINITY
  }

  get isOpen(): boolean {
    return this.#openingFrames === Number.POSITIVE_INFINITY
  }

  open(): void {
    this.#openingFrames = Number.POSITIVE_INFINITY
  }

  /** Bytes of frames not yet handed over, without the link's own. */
  get queuedBytes(): number {
    return LANES.reduce((sum, lane) => sum + this.#queues[lane].bytes, 0)
  }

  get isEmpty(): boolean {
    return this.#own.length === 0 && this.queuedBytes === 0
  }

  laneBytes(lane: Lane): number {
    return this.#queues[lane].bytes
  }

  /** False: so much waits already that the frame was not taken; the caller closes the link. */
  offerControl(frame: Uint8Array): boolean {
    return this.#offer(frame, 'control')
  }

  /** False: not taken. */
  offerPresence(frame: Uint8Array): boolean {
    return this.#offer(frame, 'presence')
  }

  /** False: not taken; what is left out is fetched by sync. */
  offerLive(frame: Uint8Array): boolean {
    return this.#offer(frame, 'live')
  }

  /** For CREDIT, PING, PONG. False as {@link offerControl}. */
  offerOwn(frame: Uint8Array): boolean {
    if (this.#own.length >= QUEUE_FRAMES) return false
    this.#own.push({ cursor: splitFrame(frame, 'control'), waiter: null })
    return true
  }

  /** Without a limit of its own: whoever serves a range waits for `waiter` before the next frame. */
  addBulk(frame: Uint8Array, lane: BulkLane, waiter: BulkWaiter): void {
    this.#add(frame, lane, waiter)
  }

  /** The receiver lets us send so much more. Throws {@link MalformedError} if that is more than it ever may. */
  grant(bytes: number): void {
    if (this.#creditBytes + bytes > CREDIT_WINDOW_BYTES) throw new MalformedError('credit over the window')
    this.#creditBytes += bytes
  }

  /** `null` when nothing waits that may go. What is returned must be sent. */
  next(): Outgoing | null {
    if (!this.#queues.control.begun) {
      const own = this.#own.shift()
      if (own) return cut(own)
    }
    for (const lane of LANES) {
      const outgoing = this.#nextOf(lane)
      if (outgoing) return outgoing
    }
    return null
  }

  /** Forgets everything but `last`, which follows a control frame that was begun. */
  closeWith(last: Uint8Array): void {
    const { begun } = this.#queues.control
    this.#queues.control.begun = null
    this.drop()
    if (begun) {
      this.#queues.control.begun = begun
      this.#queues.control.bytes = begun.cursor.remainingBytes
    }
    this.#own.push({ cursor: splitFrame(last, 'control'), waiter: null })
  }

  /** Forgets everything. */
  drop(): void {
    this.#own = []
    const dropped: Waiting[] = []
    for (const lane of LANES) {
      const queue = this.#queues[lane]
      dropped.push(...(queue.begun ? [queue.begun] : []), ...queue.frames)
      Object.assign(queue, newQueue())
    }
    for (const { waiter } of dropped) waiter?.dropped()
  }

  #offer(frame: Uint8Array, lane: UrgentLane): boolean {
    const queue = this.#queues[lane]
    if (queue.frames.length >= QUEUE_FRAMES || queue.bytes + frame.length > QUEUE_BYTES[lane]) return false
    this.#add(frame, lane, null)
    return true
  }

  #add(frame: Uint8Array, lane: Lane, waiter: BulkWaiter | null): void {
    this.#queues[lane].frames.push({ cursor: splitFrame(frame, lane), waiter })
    this.#queues[lane].bytes += frame.length
  }

  #nextOf(lane: Lane): Outgoing | null {
    const queue = this.#queues[lane]
    queue.begun ??= this.#begin(lane)
    if (!queue.begun) return null
    const bytes = queue.begun.cursor.nextBytes
    if (isBulk(lane)) {
      if (bytes > this.#creditBytes) return null
      this.#creditBytes -= bytes
    }
    queue.bytes -= bytes
    const outgoing = cut(queue.begun)
    if (outgoing.finished) queue.begun = null
    return outgoing
  }

  #begin(lane: Lane): Waiting | null {
    if (!this.isOpen) {
      if (lane !== 'control' || this.#openingFrames === 0) return null
      if (this.#queues.control.frames.length > 0) this.#openingFrames--
    }
    return this.#queues[lane].frames.shift() ?? null
  }
}

function cut(waiting: Waiting): Outgoing {
  const chunk = waiting.cursor.next()
  const finished = waiting.cursor.done
  return { chunk, finished, waiter: finished ? waiting.waiter : null }
}
