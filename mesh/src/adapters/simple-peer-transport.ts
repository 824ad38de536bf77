import type { IceCandidate } from '@parley/protocol'
import type SimplePeerTypes from 'simple-peer'
import SimplePeer from 'simple-peer/simplepeer.min.js'
import { CHUNK_BYTES } from '../limits.ts'
import type { ConnectTransport, SignalData, Transport, TransportEvents, TransportOptions } from '../ports.ts'

/** What the platform has of WebRTC: the globals in a browser, a package in Node. */
export interface WebRtc {
  readonly RTCPeerConnection: typeof RTCPeerConnection
  readonly RTCSessionDescription: typeof RTCSessionDescription
  readonly RTCIceCandidate: typeof RTCIceCandidate
}

/** A chunk and its header. */
const MESSAGE_BYTES = CHUNK_BYTES + 64
/** A partner that is still there takes a few round trips to confirm a close. */
const FLUSH_ON_CLOSE_MS = 1_000

/**
 * simple-peer over its documented `wrtc` option with classes of our own, so that the data channel is seen as it comes
 * into being; simple-peer's private fields are left alone. Both ends agree on exactly one channel: a second one is
 * an attack, since simple-peer would go over to it silently.
 */
function watched(wrtc: WebRtc, onChannel: (channel: RTCDataChannel) => void): WebRtc {
  class WatchedConnection extends wrtc.RTCPeerConnection {
    constructor(configuration?: RTCConfiguration) {
      super(configuration)
      this.addEventListener('datachannel', (event) => onChannel(event.channel))
    }

    override createDataChannel(label: string, options?: RTCDataChannelInit): RTCDataChannel {
      const channel = super.createDataChannel(label, options)
      onChannel(channel)
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

class SimplePeerTransport implements Transport {
  readonly #events: TransportEvents
  readonly #peer: SimplePeerTypes.Instance
  readonly #lowWaterBytes: number
  #channel: RTCDataChannel | null = null
  #open = false
  #closing = false
  #error: Error | null = null

  constructor(wrtc: WebRtc, options: TransportOptions, events: TransportEvents) {
    this.#events = events
    this.#lowWaterBytes = options.lowWaterBytes
    this.#peer = new SimplePeer({
      initiator: options.initiator,
      config: { iceServers: [...options.iceServers] },
      wrtc: watched(wrtc, (channel) => this.#onChannel(channel)),
      trickle: true,
      /** As a stream of bytes it would join messages that arrive before somebody listens. */
      objectMode: true,
    })
    this.#listen(events)
  }

  signal(data: SignalData): void {
    if (this.#closing || this.#peer.destroyed) return
    this.#peer.signal(data as SimplePeerTypes.SignalData)
  }

  send(bytes: Uint8Array): void {
    if (bytes.length > MESSAGE_BYTES) throw new RangeError(`a message of ${bytes.length} bytes`)
    if (this.#open && !this.#closing && this.#channel?.readyState === 'open') this.#peer.send(bytes)
  }

  bufferedBytes(): number {
    return this.#channel?.bufferedAmount ?? 0
  }

  /**
   * Destroying at once would throw away what was sent a moment ago, the reason for the close among it; so would closing
   * the channel while bytes wait for the wire. simple-peer destroys itself when the channel has closed.
   */
  close(): void {
    if (this.#closing || this.#peer.destroyed) return
    this.#closing = true
    const channel = this.#channel
    if (channel?.readyState !== 'open') {
      this.#peer.destroy()
      return
    }
    const timer = setTimeout(() => this.#peer.destroy(), FLUSH_ON_CLOSE_MS)
    this.#peer.once('close', () => clearTimeout(timer))
    if (channel.bufferedAmount === 0) channel.close()
    else {
      channel.bufferedAmountLowThreshold = 0
      channel.addEventListener('bufferedamountlow', () => channel.close())
    }
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
      this.#open = false
      const error = this.#error ?? new Error('closed by the other side')
      events.closed(this.#closing ? null : error)
    })
  }

  #onChannel(channel: RTCDataChannel): void {
    if (this.#channel) {
      channel.close()
      this.#peer.destroy(new Error('a second data channel'))
      return
    }
    this.#channel = channel
  }

  /** simple-peer has set a threshold of its own by now. */
  #onOpen(): void {
    if (this.#closing || !this.#channel) return
    this.#channel.bufferedAmountLowThreshold = this.#lowWaterBytes
    this.#channel.addEventListener('bufferedamountlow', () => {
      if (!this.#closing && !this.#peer.destroyed) this.#events.writable()
    })
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
