/// <reference path="./simplepeer.d.ts" />
import type { IceCandidate, IceServer } from '@parley/protocol'
import type SimplePeerTypes from 'simple-peer'
import SimplePeer from 'simple-peer/simplepeer.min.js'
import { CHUNK_BYTES } from '../limits.ts'
import type {
  ConnectTransport,
  LinkPath,
  SignalData,
  Transport,
  TransportEvents,
  TransportOptions,
} from '../ports.ts'
import { selectedPath } from './selected-path.ts'

/** What the platform has of WebRTC: the globals in a browser, a package in Node. */
export interface WebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection
  readonly RTCSessionDescription: typeof RTCSessionDescription
  readonly RTCIceCandidate: typeof RTCIceCandidate
}

/** A chunk and its header. */
const MESSAGE_BYTES = CHUNK_BYTES + 64
/** For the last bytes: a partner that is told to close does so itself within a round trip, and ends the wait. */
const LINGER_MS = 1_000
/** `@roamhq/wrtc` has no `bufferedamountlow`. At this pace 96 KiB a look still make 24 MB/s. */
const BUFFER_POLL_MS = 4

/**
 * simple-peer over its documented `wrtc` option with classes of our own, so that the data channel is seen as it comes
 * into being; simple-peer's private fields are left alone. Both ends agree on exactly one channel: a second one is
 * an attack, since simple-peer would go over to it silently.
 */
interface Watcher {
  connection(connection: RTCPeerConnection): void
  channel(channel: RTCDataChannel): void
}

function watched(wrtc: WebRtc, watcher: Watcher): WebRtc {
  class WatchedConnection extends wrtc.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      watcher.connection(this)
      this.addEventListener('datachannel', (event) => watcher.channel(event.channel))
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options)
      watcher.channel(channel)
      return channel
    }
  }
  const { RTCSessionDescription, RTCIceCandidate } = wrtc
  return { RTCPeerConnection: WatchedConnection, RTCSessionDescription, RTCIceCandidate }
}

/** simple-peer's own signals beside these ask for media and renegotiation, which a data link does without. */
function signalOf(data: SimplePeerTypes.SignalData): SignalData | null {
  if (data.type === 'offer' || data.type === 'answer') return { type: data.type, sdp: data.sdp ?? '' }
  return data.type === 'candidate' ? { type: 'candidate', candidate: plainCandidate(data.candidate) } : null
}

/** Stacks differ in what their candidates hold. An `undefined` would be lost on the way anyway. */
function plainCandidate(from: RTCIceCandidateInit): IceCandidate {
  const { candidate = '', sdpMid, sdpMLineIndex, usernameFragment } = from
  return {
    candidate,
    ...(sdpMid === undefined ? {} : { sdpMid }),
    ...(sdpMLineIndex === undefined ? {} : { sdpMLineIndex }),
    ...(usernameFragment === undefined ? {} : { usernameFragment }),
  }
}

function configurationOf(
  { relayOnly = false }: TransportOptions,
  iceServers: readonly IceServer[],
): RTCConfiguration {
  return { iceServers: iceServers as RTCIceServer[], ...(relayOnly ? { iceTransportPolicy: 'relay' } : {}) }
}

class SimplePeerTransport implements Transport {
  readonly #events: TransportEvents
  readonly #peer: SimplePeerTypes.Instance
  readonly #lowWaterBytes: number
  readonly #options: TransportOptions
  #connection: RTCPeerConnection | null = null
  #channel: RTCDataChannel | null = null
  #open = false
  #closing = false
  #ended = false
  /** Whether the stack has the event `bufferedamountlow`. */
  #tellsLow = true
  #polling = false
  #error: Error | null = null

  constructor(wrtc: WebRtc, options: TransportOptions, events: TransportEvents) {
    this.#events = events
    this.#lowWaterBytes = options.lowWaterBytes
    this.#options = options
    this.#peer = new SimplePeer({
      initiator: options.initiator,
      config: configurationOf(options, options.iceServers),
      wrtc: watched(wrtc, {
        connection: (connection) => {
          this.#connection = connection
        },
        channel: (channel) => this.#onChannel(channel),
      }),
      trickle: true,
      /** As a stream of bytes it would join messages that arrive before somebody listens. */
      objectMode: true,
    })
    this.#listen(events)
  }

  signal(data: SignalData): void {
    if (this.#closing || this.#peer.destroyed) return
    try {
      this.#peer.signal(data as SimplePeerTypes.SignalData)
    } catch (error) {
      // Constructors of descriptions and candidates throw on some that are malformed.
      this.#peer.destroy(error instanceof Error ? error : new Error(String(error)))
    }
  }

  send(bytes: Uint8Array): void {
    if (bytes.length > MESSAGE_BYTES) throw new RangeError(`a message of ${bytes.length} bytes`)
    if (!this.#open || this.#closing || this.#ended) throw new Error('the channel is not open')
    // It may have broken a moment ago; `closed` is on its way then.
    if (this.#channel?.readyState !== 'open' || this.#peer.destroyed) return
    this.#peer.send(bytes)
    if (!this.#tellsLow) this.#pollBuffer()
  }

  bufferedBytes(): number {
    return this.#channel?.bufferedAmount ?? 0
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    if (this.#closing || this.#peer.destroyed) return
    this.#connection?.setConfiguration(configurationOf(this.#options, iceServers))
  }

  async path(): Promise<LinkPath | null> {
    if (!this.#connection || this.#closing || this.#peer.destroyed) return null
    return selectedPath(this.#connection)
  }

  /**
   * To the user it is over at once. What was sent a moment ago, the reason for the close among it, still needs the
   * channel: closing it throws away what waits for the wire, and `bufferedAmount` does not tell in every stack.
   */
  close(): void {
    if (this.#closing || this.#peer.destroyed) return
    this.#closing = true
    queueMicrotask(() => this.#events.closed(null))
    if (!this.#open) {
      this.#peer.destroy()
      return
    }
    const timer = setTimeout(() => this.#peer.destroy(), LINGER_MS)
    this.#peer.once('close', () => clearTimeout(timer))
  }

  #listen(events: TransportEvents): void {
    const peer = this.#peer
    peer.on('signal', (data) => {
      const signal = signalOf(data)
      if (signal && !this.#closing) events.signal(signal)
    })
    peer.on('connect', () => this.#onOpen())
    peer.on('error', (error) => {
      this.#error = error
    })
    peer.once('close', () => {
      this.#ended = true
      if (!this.#closing) events.closed(this.#error ?? new Error('closed by the other side'))
    })
  }

  #onChannel(channel: RTCDataChannel): void {
    if (this.#channel) {
      channel.close()
      this.#peer.destroy(new Error('a second data channel'))
      return
    }
    this.#channel = channel
    this.#tellsLow = 'bufferedAmountLowThreshold' in channel
  }

  #pollBuffer(): void {
    if (this.#polling || this.bufferedBytes() <= this.#lowWaterBytes) return
    this.#polling = true
    setTimeout(() => {
      this.#polling = false
      if (this.bufferedBytes() > this.#lowWaterBytes) this.#pollBuffer()
      else this.#onLow()
    }, BUFFER_POLL_MS)
  }

  #onLow(): void {
    if (!this.#closing && !this.#ended && !this.#peer.destroyed) this.#events.writable()
  }

  /** simple-peer has set a threshold of its own by now. */
  #onOpen(): void {
    if (this.#closing || !this.#channel) return
    if (this.#tellsLow) {
      this.#channel.bufferedAmountLowThreshold = this.#lowWaterBytes
      this.#channel.addEventListener('bufferedamountlow', () => this.#onLow())
    }
    this.#open = true
    this.#events.open()
    // What came in meanwhile waited in the stream: `open` comes before the first message.
    this.#peer.on('data', (data: unknown) => this.#onData(data))
  }

  #onData(data: unknown): void {
    if (this.#closing || this.#peer.destroyed) return
    // simple-peer hands out Buffers, whose `slice` does not copy: nothing above expects that.
    if (data instanceof Uint8Array) {
      this.#events.message(new Uint8Array(data.buffer, data.byteOffset, data.byteLength))
    } else this.#peer.destroy(new Error('a message that is not binary'))
  }
}

/** Throws nothing: what goes wrong, a missing or refused configuration too, comes as `closed`. */
export function simplePeerTransport(wrtc: WebRtc): ConnectTransport {
  return (options, events) => new SimplePeerTransport(wrtc, options, events)
}
