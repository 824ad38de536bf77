import { toBase64Url } from '@parley/protocol'
import type { Clock, ConnectTransport, Random, TransportEvents, TransportOptions } from '../ports.ts'
import { VirtualPipe } from './virtual-pipe.ts'
import { virtualFingerprint } from './virtual-sdp.ts'
import { VirtualTransport } from './virtual-transport.ts'

export interface NetworkOptions {
  /** One way, drawn anew for each message. */
  readonly latencyMs: () => number
  /** Of each direction of each connection; unlimited when left out. */
  readonly bytesPerSecond?: number
  /** One line for each thing that happened: equal seeds give equal lines. */
  readonly trace?: (line: string) => void
}

/** Everything unnamed in a partition is one group of its own. */
const REST = -1

function pairKey(a: string, b: string): string {
  return a < b ? `${a} ${b}` : `${b} ${a}`
}

/**
 * Hosts and the connections between them, on one clock. Connections come about as over WebRTC: by descriptions and
 * candidates that somebody carries, between the two ends that the descriptions name, and only if each end has the
 * certificate that the other's description promised (RFC 8122 §5).
 */
export class VirtualNetwork {
  readonly #clock: Clock
  readonly #random: Random
  readonly #options: NetworkOptions
  readonly #transports = new Map<string, VirtualTransport>()
  readonly #generation = new Map<string, number>()
  readonly #busyUntilMs = new Map<string, number>()
  readonly #group = new Map<string, number>()
  readonly #blocked = new Set<string>()

  constructor(clock: Clock, random: Random, options: NetworkOptions) {
    this.#clock = clock
    this.#random = random
    this.#options = options
  }

  /** Stops working for good when the host is killed; ask again for the host's next life. */
  connectFor(hostName: string): ConnectTransport {
    const generation = this.#generation.get(hostName) ?? 0
    return (options, events) => this.#connect(hostName, generation, options, events)
  }

  /** Connections across groups carry nothing; after 16 s both ends notice, as ICE does. Replaces earlier groups. */
  partition(groups: readonly (readonly string[])[]): void {
    this.#group.clear()
    groups.forEach((names, index) => {
      for (const name of names) this.#group.set(name, index)
    })
    this.#waysChanged()
  }

  /** These two cannot reach each other until {@link heal}: a NAT that lets nothing through. */
  block(a: string, b: string): void {
    this.#blocked.add(pairKey(a, b))
    this.#waysChanged()
  }

  /** Undoes {@link partition} and {@link block}; what was held up arrives. */
  heal(): void {
    this.#group.clear()
    this.#blocked.clear()
    this.#waysChanged()
  }

  /** The connections between two hosts end at once with an error on both sides; new ones may be made. */
  cutLink(a: string, b: string): void {
    for (const transport of [...this.#transports.values()]) {
      if (transport.hostName !== a || transport.partner?.hostName !== b) continue
      const partner = transport.partner
      this.#trace(`cut ${a} ${b}`)
      transport.fail('the link was cut')
      partner.fail('the link was cut')
    }
  }

  /** As when the power fails: no event at the host any more, the others notice after 16 s. */
  killHost(name: string): void {
    this.#generation.set(name, (this.#generation.get(name) ?? 0) + 1)
    this.#trace(`kill ${name}`)
    for (const transport of [...this.#transports.values()]) {
      if (transport.hostName === name) transport.vanish()
    }
  }

  /** The host handles no message for so long, while senders notice nothing: a blocked page. */
  stall(name: string, durationMs: number): void {
    this.#busyUntilMs.set(name, this.#clock.nowMs() + durationMs)
  }

  /** Open connections as pairs of host names in alphabetical order, sorted. */
  links(): (readonly [string, string])[] {
    const pairs: (readonly [string, string])[] = []
    for (const { hostName, partner, isOpen } of this.#transports.values()) {
      if (isOpen && partner && partner.stage !== 'closed' && hostName < partner.hostName) {
        pairs.push([hostName, partner.hostName])
      }
    }
    return pairs.sort((a, b) => (pairKey(...a) < pairKey(...b) ? -1 : 1))
  }

  #connect(hostName: string, generation: number, options: TransportOptions, events: TransportEvents) {
    const local = {
      ufrag: toBase64Url(this.#random.bytes(6)),
      fingerprint: virtualFingerprint(this.#random),
    }
    const host = {
      clock: this.#clock,
      negotiated: (transport: VirtualTransport) => this.#tryPair(transport),
      gone: (transport: VirtualTransport) => this.#forget(transport),
    }
    const transport = new VirtualTransport(hostName, local, host, options, events)
    if (generation === (this.#generation.get(hostName) ?? 0)) this.#transports.set(local.ufrag, transport)
    else transport.vanish()
    return transport
  }

  /** The partner hears of a close through the pipe; where the way is blocked, ICE tells. */
  #forget(transport: VirtualTransport): void {
    this.#transports.delete(transport.local.ufrag)
    if (transport.partner?.partner === transport) transport.partner.watchIce()
  }

  #reachable(a: VirtualTransport, b: VirtualTransport): boolean {
    return (
      this.#transports.has(a.local.ufrag) &&
      this.#transports.has(b.local.ufrag) &&
      this.#wayBetween(a.hostName, b.hostName)
    )
  }

  #wayBetween(a: string, b: string): boolean {
    const groupOf = (name: string) => this.#group.get(name) ?? REST
    return groupOf(a) === groupOf(b) && !this.#blocked.has(pairKey(a, b))
  }

  #waysChanged(): void {
    for (const transport of [...this.#transports.values()]) {
      const { partner } = transport
      if (!partner) this.#tryPair(transport)
      else if (!this.#reachable(transport, partner)) transport.watchIce()
      else {
        transport.stopWatchingIce()
        transport.out?.resume()
      }
    }
  }

  #tryPair(a: VirtualTransport): void {
    const b = a.remote ? this.#transports.get(a.remote.ufrag) : undefined
    if (!b || a.partner === b || a === b || b.remote?.ufrag !== a.local.ufrag) return
    if (a.stage !== 'stable' || b.stage !== 'stable' || !(a.knowsWayTo(b) || b.knowsWayTo(a))) return
    if (!this.#reachable(a, b)) return
    const handshakeMs = 4 * this.#options.latencyMs()
    if (a.remote?.fingerprint !== b.local.fingerprint || b.remote?.fingerprint !== a.local.fingerprint) {
      this.#trace(`certificate ${a.hostName} ${b.hostName}`)
      this.#clock.after(handshakeMs, () => {
        a.fail('the certificate is not the one that was promised')
        b.fail('the certificate is not the one that was promised')
      })
      return
    }
    this.#pair(a, b, handshakeMs)
  }

  /** An end that was paired before goes over to the new partner, as a browser does on a foreign re-offer. */
  #pair(a: VirtualTransport, b: VirtualTransport, handshakeMs: number): void {
    const openAtMs = this.#clock.nowMs() + handshakeMs
    for (const [end, other] of [
      [a, b],
      [b, a],
    ] as const) {
      if (end.partner) end.partner.watchIce()
      end.out?.stop()
      end.partner = other
      end.out = this.#pipe(end, other, openAtMs)
    }
    this.#clock.after(handshakeMs, () => {
      if (a.partner !== b || b.partner !== a) return
      if (!this.#reachable(a, b)) return this.#unpair(a, b)
      this.#trace(`open ${a.hostName} ${b.hostName}`)
      a.open()
      b.open()
    })
  }

  /** The way was blocked during the handshake; {@link heal} tries again. */
  #unpair(...ends: readonly VirtualTransport[]): void {
    for (const end of ends) {
      end.out?.stop()
      end.out = null
      end.partner = null
      end.watchIce()
    }
  }

  #pipe(from: VirtualTransport, to: VirtualTransport, openAtMs: number): VirtualPipe {
    const rules = {
      latencyMs: this.#options.latencyMs,
      bytesPerMs: (this.#options.bytesPerSecond ?? Number.POSITIVE_INFINITY) / 1000,
      lowWaterBytes: from.lowWaterBytes,
      passable: () =>
        to.partner === from && to.stage !== 'closed' && this.#wayBetween(from.hostName, to.hostName),
      receiverBusyUntilMs: () => this.#busyUntilMs.get(to.hostName) ?? 0,
    }
    const events = {
      deliver: (bytes: Uint8Array) => {
        this.#trace(`message ${from.hostName} ${to.hostName} ${bytes.length}`)
        to.receive(bytes)
      },
      ended: () => to.fail('closed by the other side'),
      writable: () => from.writable(),
    }
    return new VirtualPipe(this.#clock, openAtMs, rules, events)
  }

  #trace(line: string): void {
    this.#options.trace?.(`${this.#clock.nowMs()} ${line}`)
  }
}
