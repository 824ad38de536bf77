import type { IceServer } from '@parley/protocol'
import { CHUNK_BYTES } from '../limits.ts'
import type {
  Clock,
  LinkPath,
  SignalData,
  Transport,
  TransportEvents,
  TransportOptions,
  Unsubscribe,
} from '../ports.ts'
import type { VirtualPipe } from './virtual-pipe.ts'
import { readSdp, type SdpFacts, writeSdp } from './virtual-sdp.ts'

/** simple-peer gives up so long after ICE lost its partner. */
const ICE_FAILED_MS = 16_000
/** A chunk and its header (ports.ts, `Transport.send`). */
const MESSAGE_BYTES = CHUNK_BYTES + 64

/** What a transport tells the network that it belongs to. */
export interface TransportHost {
  readonly clock: Clock
  /** A description or candidate came: perhaps two transports fit together now. */
  negotiated(transport: VirtualTransport): void
  /** Nothing of it is needed any more. */
  gone(transport: VirtualTransport): void
}

const HOST = 'candidate:1 1 udp 2122260223 192.0.2.1 50000 typ host'
/** A stack that was told to gather relays alone and forgets it still gives these. */
const REFLEXIVE = 'candidate:2 1 udp 1686052607 198.51.100.1 50001 typ srflx raddr 192.0.2.1 rport 50000'
const RELAY = 'candidate:3 1 udp 41885439 203.0.113.1 50002 typ relay raddr 198.51.100.1 rport 50001'

function hasRelay(iceServers: readonly IceServer[]): boolean {
  return iceServers.flatMap(({ urls }) => urls).some((url) => url.startsWith('turn'))
}

type Stage = 'idle' | 'offered' | 'stable' | 'closed'

/** One end. The network pairs two of them and gives each the pipe to the other. */
export class VirtualTransport implements Transport {
  readonly hostName: string
  readonly local: SdpFacts
  readonly lowWaterBytes: number
  readonly relayOnly: boolean
  #relayed: boolean
  readonly #host: TransportHost
  readonly #events: TransportEvents
  readonly #heardUfrags = new Set<string>()
  #stage: Stage = 'idle'
  #opened = false
  /** That it is over: from then on nobody may send. */
  #told = false
  #cancelIceWatch: Unsubscribe | null = null
  remote: SdpFacts | null = null
  partner: VirtualTransport | null = null
  out: VirtualPipe | null = null

  constructor(
    hostName: string,
    local: SdpFacts,
    host: TransportHost,
    options: TransportOptions,
    events: TransportEvents,
  ) {
    this.hostName = hostName
    this.local = local
    this.lowWaterBytes = options.lowWaterBytes
    this.relayOnly = options.relayOnly ?? false
    this.#relayed = hasRelay(options.iceServers)
    this.#host = host
    this.#events = events
    if (options.initiator) host.clock.after(0, () => this.#describe('offer'))
  }

  get stage(): Stage {
    return this.#stage
  }

  get isOpen(): boolean {
    return this.#opened && this.#stage !== 'closed'
  }

  signal(data: SignalData): void {
    if (this.#stage === 'closed') return
    if (data.type === 'candidate') {
      if (data.candidate.usernameFragment) this.#heardUfrags.add(data.candidate.usernameFragment)
    } else this.#setRemote(data.type, readSdp(data.sdp))
    this.#host.negotiated(this)
  }

  #setRemote(type: 'offer' | 'answer', facts: SdpFacts | null): void {
    if (!facts) this.fail('the description cannot be parsed')
    else if (type === 'answer' && this.#stage !== 'offered') this.fail('an answer without an offer')
    else {
      this.remote = facts
      this.#stage = 'stable'
      if (!this.#opened) this.watchIce()
      if (type === 'offer') this.#host.clock.after(0, () => this.#describe('answer'))
    }
  }

  send(bytes: Uint8Array): void {
    if (bytes.length > MESSAGE_BYTES) throw new RangeError(`a message of ${bytes.length} bytes`)
    if (!this.#opened || this.#told) throw new Error('the channel is not open')
    // It may have broken a moment ago; `closed` is on its way then.
    if (this.#stage !== 'closed') this.out?.send(bytes)
  }

  setIceServers(iceServers: readonly IceServer[]): void {
    this.#relayed = hasRelay(iceServers)
  }

  async path(): Promise<LinkPath | null> {
    if (!this.isOpen) return null
    const kind = this.relayOnly || this.partner?.relayOnly ? 'relayed' : 'direct'
    return { kind, roundTripMs: null }
  }

  bufferedBytes(): number {
    return this.out?.bufferedBytes ?? 0
  }

  close(): void {
    if (this.#stage === 'closed') return
    this.out?.end()
    this.#leave()
    this.#told = true
    queueMicrotask(() => this.#events.closed(null))
  }

  /** Whether the other's candidate came here. */
  knowsWayTo(other: VirtualTransport): boolean {
    return this.#heardUfrags.has(other.local.ufrag)
  }

  open(): void {
    if (this.#stage === 'closed') return
    this.stopWatchingIce()
    if (this.#opened) return
    this.#opened = true
    this.#events.open()
  }

  receive(bytes: Uint8Array): void {
    if (this.#stage !== 'closed') this.#events.message(bytes)
  }

  writable(): void {
    if (this.#stage !== 'closed') this.#events.writable()
  }

  fail(message: string): void {
    if (this.#stage === 'closed') return
    this.out?.end()
    this.#leave()
    this.#host.clock.after(0, () => {
      this.#told = true
      this.#events.closed(new Error(message))
    })
  }

  /** The host is dead: no event ever again, no goodbye to the other side. */
  vanish(): void {
    this.out?.stop()
    this.#leave()
  }

  watchIce(): void {
    if (this.#cancelIceWatch || this.#stage === 'closed') return
    this.#cancelIceWatch = this.#host.clock.after(ICE_FAILED_MS, () => this.fail('the ICE connection failed'))
  }

  stopWatchingIce(): void {
    this.#cancelIceWatch?.()
    this.#cancelIceWatch = null
  }

  #leave(): void {
    this.#stage = 'closed'
    this.stopWatchingIce()
    this.#host.gone(this)
  }

  #describe(type: 'offer' | 'answer'): void {
    if (this.#stage === 'closed') return
    if (type === 'offer') this.#stage = 'offered'
    const setup = type === 'offer' ? 'actpass' : 'active'
    this.#events.signal({ type, sdp: writeSdp(this.local, setup) })
    if (this.stage === 'closed') return
    for (const candidate of this.#relayed ? [HOST, REFLEXIVE, RELAY] : [HOST]) {
      const place = { sdpMid: '0', sdpMLineIndex: 0, usernameFragment: this.local.ufrag }
      this.#events.signal({ type: 'candidate', candidate: { candidate, ...place } })
    }
  }
}
