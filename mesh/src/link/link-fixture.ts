/** For the tests of this folder: a clock moved by hand and two links over channels that deliver when told to. */
import { CHANNEL_LOW_BYTES } from '../limits.ts'
import type { Clock, Unsubscribe } from '../ports.ts'
import type { LinkTransport } from './channel-writer.ts'
import type { Lane } from './chunk.ts'
import { type LinkCloseReason, PeerLink, type PeerLinkEvents, type PeerLinkOptions } from './peer-link.ts'

interface Timer {
  readonly atMs: number
  readonly call: () => void
}

export class HandClock implements Clock {
  #nowMs = 1_000_000
  #setByMs = 0
  readonly #timers = new Set<Timer>()

  get timerCount(): number {
    return this.#timers.size
  }

  nowMs(): number {
    return this.#nowMs + this.#setByMs
  }

  after(delayMs: number, call: () => void): Unsubscribe {
    const timer = { atMs: this.#nowMs + delayMs, call }
    this.#timers.add(timer)
    return () => void this.#timers.delete(timer)
  }

  yieldToHost(): Promise<void> {
    return Promise.resolve()
  }

  /** Somebody sets the clock; timers do not care. */
  set(byMs: number): void {
    this.#setByMs += byMs
  }

  advance(byMs: number): void {
    const untilMs = this.#nowMs + byMs
    for (;;) {
      const due = [...this.#timers]
        .filter((timer) => timer.atMs <= untilMs)
        .sort((a, b) => a.atMs - b.atMs)[0]
      if (!due) break
      this.#timers.delete(due)
      this.#nowMs = due.atMs
      due.call()
    }
    this.#nowMs = untilMs
  }
}

/** One direction of a data channel: `writable` comes only when the buffer falls *through* the low mark. */
export class Channel implements LinkTransport {
  readonly chunks: Uint8Array[] = []
  buffered = 0
  maxBuffered = 0
  closed = false
  failsWith: Error | null = null
  onMessage: (bytes: Uint8Array) => void = () => undefined
  onWritable: () => void = () => undefined
  onClosed: () => void = () => undefined

  send(bytes: Uint8Array): void {
    if (this.closed) throw new Error('send on a closed channel')
    if (this.failsWith) throw this.failsWith
    this.chunks.push(bytes)
    this.buffered += bytes.length
    this.maxBuffered = Math.max(this.maxBuffered, this.buffered)
  }

  bufferedBytes(): number {
    return this.buffered
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.onClosed()
  }

  /** False when nothing was under way. */
  deliver(): boolean {
    const chunk = this.chunks.shift()
    if (!chunk) return false
    const before = this.buffered
    this.buffered -= chunk.length
    this.onMessage(chunk)
    if (before > CHANNEL_LOW_BYTES && this.buffered <= CHANNEL_LOW_BYTES && !this.closed) this.onWritable()
    return true
  }
}

export class Side {
  readonly channel = new Channel()
  readonly frames: { readonly lane: Lane; readonly frame: Uint8Array }[] = []
  readonly closings: LinkCloseReason[] = []
  liveDrainedCount = 0
  onFrame: (frame: Uint8Array, lane: Lane) => void = (frame, lane) => void this.frames.push({ lane, frame })
  readonly link: PeerLink

  constructor(clock: Clock, options: PeerLinkOptions = {}) {
    const events: PeerLinkEvents = {
      frame: (frame, lane) => this.onFrame(frame, lane),
      closed: (reason) => void this.closings.push(reason),
      liveDrained: () => void this.liveDrainedCount++,
    }
    this.link = new PeerLink(this.channel, clock, events, options)
    this.channel.onWritable = () => this.link.handleWritable()
    this.channel.onClosed = () => this.link.handleTransportClosed(null)
  }
}

export class LinkedPair {
  readonly clock = new HandClock()
  readonly a: Side
  readonly b: Side

  constructor(options: PeerLinkOptions = {}) {
    this.a = new Side(this.clock, options)
    this.b = new Side(this.clock, options)
    this.a.channel.onMessage = (bytes) => this.b.link.handleMessage(bytes)
    this.b.channel.onMessage = (bytes) => this.a.link.handleMessage(bytes)
  }

  /** Delivers both ways until nothing moves and no promise has anything left to do. */
  async settle(): Promise<void> {
    for (let idleTurns = 0; idleTurns < 5; idleTurns++) {
      while (this.a.channel.deliver() || this.b.channel.deliver()) idleTurns = 0
      await Promise.resolve()
    }
  }
}

/** A frame of a type that links pass on; the rest is `fill`. */
export function frameOf(length: number, fill = 0): Uint8Array<ArrayBuffer> {
  const frame = new Uint8Array(length).fill(fill)
  frame[0] = 9
  return frame
}
