import type { IceServer } from '@parley/protocol'
import type { Clock, Keyring, Log, Platform, Storages } from '../ports.ts'
import { type Disorder, type DisorderCounts, disorderly } from './disorderly.ts'
import { MemorySignaling } from './memory-signaling.ts'
import { MemoryStorages } from './memory-storage.ts'
import { seededCipher, seededKeyring, seededRandom } from './seeded-crypto.ts'
import { VirtualClock } from './virtual-clock.ts'
import { VirtualNetwork } from './virtual-network.ts'

export interface WorldOptions {
  readonly seed: number | string
  /** One way, for the network and signaling alike: fixed, or drawn anew from [min, max). Default 10–50. */
  readonly latencyMs?: number | readonly [minMs: number, maxMs: number]
  readonly bytesPerSecond?: number
  /** Of the packets of each message. What is lost is sent again, and all behind it waits, as in SCTP and TCP. Default 0. */
  readonly lossFraction?: number
  /** What ways do to messages although they promise not to. Default nothing. */
  readonly disorder?: Disorder
  /** What signaling tells about STUN and TURN. Default nothing. */
  readonly iceServers?: readonly IceServer[]
  /** Keeps one line for each thing that happened on the network and at signaling. */
  readonly trace?: boolean
}

export interface LogLine {
  readonly atMs: number
  readonly host: string
  readonly level: Parameters<Log>[0]
  readonly event: string
  readonly facts: Parameters<Log>[2]
}

/** Several hosts, a network and a signaling server on one clock: a run is decided by its seed. */
export interface VirtualWorld {
  readonly clock: VirtualClock
  readonly network: VirtualNetwork
  readonly signaling: MemorySignaling
  readonly keyring: Keyring
  readonly logLines: readonly LogLine[]
  readonly trace: readonly string[]
  readonly disorderCounts: Readonly<DisorderCounts>
  /** Stays with the host from life to life. */
  storages(hostName: string): Storages
  /** A host's ports. After {@link kill}, a new call starts its next life, with the storage of the last. */
  platform(hostName: string): Platform
  /** As when the power fails: its timers, connections and sockets are gone, and it says nothing to anybody. */
  kill(hostName: string): void
  /** How far this host's clock is wrong, from its next life or call on. */
  setClockOffset(hostName: string, offsetMs: number): void
  /** The same, and its disk is thrown away. */
  discard(hostName: string): void
  /** What is on the disk of `from` now is on that of `to` as well; the two know nothing of each other. */
  copyDisk(from: string, to: string): void
  /** The host's platform tells that the network is back. */
  tellOnline(hostName: string): void
}

function latencyOf(range: number | readonly [number, number], fraction: () => number): () => number {
  if (typeof range === 'number') return () => range
  const [minMs, maxMs] = range
  return () => minMs + fraction() * (maxMs - minMs)
}

/** That a packet is missing is told by acknowledgements of what came behind it, one or two round trips later… */
const FAST_RESEND_MS = 100
/** …but only once: what is lost again waits for the timer (RFC 9260 §7.2.4), 400 ms at least in browsers. */
const RESEND_MS = 400

/** Each resending of a lost message takes so much longer, and all behind it waits. */
function withLoss(latencyMs: () => number, lossFraction: number, fraction: () => number): () => number {
  if (lossFraction === 0) return latencyMs
  return () => {
    let delayMs = latencyMs()
    for (let resendMs = FAST_RESEND_MS; fraction() < lossFraction; resendMs = RESEND_MS) delayMs += resendMs
    return delayMs
  }
}

/** A clock that stops for a dead host: what it was going to do does not happen. */
function mortalClock(clock: VirtualClock, isAlive: () => boolean, offsetMs: () => number): Clock {
  const after: Clock['after'] = (delayMs, call) =>
    clock.after(delayMs, () => {
      if (isAlive()) call()
    })
  return {
    nowMs: () => clock.nowMs() + offsetMs(),
    after,
    yieldToHost: () =>
      new Promise((resolve) => {
        after(0, resolve)
      }),
  }
}

/** Of a run of any length at least so many of the last lines are there. */
const LOG_LINES = 20_000

/** What stays of hosts while their platforms come and go. */
class Hosts {
  readonly #storages = new Map<string, MemoryStorages>()
  readonly #lives = new Map<string, number>()
  readonly #offsetsMs = new Map<string, number>()
  readonly #platforms = new Map<string, Platform>()
  readonly #online = new Map<string, Set<() => void>>()

  storages(hostName: string): MemoryStorages {
    const known = this.#storages.get(hostName) ?? new MemoryStorages({ durability: 'disk' })
    this.#storages.set(hostName, known)
    return known
  }

  lifeOf(hostName: string): number {
    return this.#lives.get(hostName) ?? 0
  }

  offsetMs(hostName: string): number {
    return this.#offsetsMs.get(hostName) ?? 0
  }

  setOffset(hostName: string, offsetMs: number): void {
    this.#offsetsMs.set(hostName, offsetMs)
  }

  /** One a life. */
  platform(hostName: string, make: (life: number) => Platform): Platform {
    const known = this.#platforms.get(hostName) ?? make(this.lifeOf(hostName))
    this.#platforms.set(hostName, known)
    return known
  }

  endLife(hostName: string): void {
    this.#platforms.delete(hostName)
    this.#online.delete(hostName)
    this.#lives.set(hostName, this.lifeOf(hostName) + 1)
  }

  discardDisk(hostName: string): void {
    this.#storages.delete(hostName)
  }

  copyDisk(from: string, to: string): void {
    this.#storages.set(to, this.storages(from).copy())
  }

  /** One for all lives of a host: whoever listens is told as long as its life lasts. */
  onlineListeners(hostName: string): Set<() => void> {
    const known = this.#online.get(hostName) ?? new Set()
    this.#online.set(hostName, known)
    return known
  }
}

export function virtualWorld(options: WorldOptions): VirtualWorld {
  const { seed, latencyMs = [10, 50], bytesPerSecond, lossFraction = 0, disorder } = options
  const clock = new VirtualClock()
  const trace: string[] = []
  const logLines: LogLine[] = []
  const keyring = seededKeyring(seededRandom(`${seed} keys`))
  const shared = {
    latencyMs: withLoss(
      latencyOf(latencyMs, seededRandom(`${seed} latency`).fraction),
      lossFraction,
      seededRandom(`${seed} loss`).fraction,
    ),
    ...(options.trace ? { trace: (line: string) => void trace.push(line) } : {}),
  }
  const network = new VirtualNetwork(clock, seededRandom(`${seed} network`), {
    ...shared,
    ...(bytesPerSecond === undefined ? {} : { bytesPerSecond }),
  })
  const signaling = new MemorySignaling(clock, seededRandom(`${seed} signaling`), {
    ...shared,
    keyring,
    iceServers: options.iceServers ?? [],
  })
  const hosts = new Hosts()
  const log = (line: LogLine) => {
    logLines.push(line)
    if (logLines.length > 2 * LOG_LINES) logLines.splice(0, LOG_LINES)
  }
  const disorderCounts = { lost: 0, twice: 0, late: 0 }
  const { fraction } = seededRandom(`${seed} disorder`)
  const connectFor = (hostName: string) => {
    const connect = network.connectFor(hostName)
    return disorder ? disorderly(connect, clock, disorder, fraction, disorderCounts) : connect
  }
  const makePlatform = (hostName: string, life: number): Platform => {
    const random = seededRandom(`${seed} ${hostName} ${life}`)
    const isAlive = () => hosts.lifeOf(hostName) === life
    return {
      clock: mortalClock(clock, isAlive, () => hosts.offsetMs(hostName)),
      random,
      keyring: seededKeyring(random),
      cipher: seededCipher(random),
      connect: connectFor(hostName),
      dial: signaling.dialFor(hostName),
      storages: hosts.storages(hostName),
      onOnline: (call) => {
        const listeners = hosts.onlineListeners(hostName).add(call)
        return () => listeners.delete(call)
      },
      log: (level, event, facts) => log({ atMs: clock.elapsedMs(), host: hostName, level, event, facts }),
    }
  }
  const kill = (hostName: string) => {
    hosts.endLife(hostName)
    network.killHost(hostName)
    signaling.killHost(hostName)
  }
  return {
    ...{ clock, network, signaling, keyring, logLines, trace, disorderCounts, kill },
    storages: (hostName) => hosts.storages(hostName),
    platform: (hostName) => hosts.platform(hostName, (life) => makePlatform(hostName, life)),
    setClockOffset: (hostName, offsetMs) => hosts.setOffset(hostName, offsetMs),
    discard: (hostName) => {
      kill(hostName)
      hosts.discardDisk(hostName)
    },
    copyDisk: (from, to) => hosts.copyDisk(from, to),
    tellOnline: (hostName) => {
      for (const call of [...hosts.onlineListeners(hostName)]) call()
    },
  }
}
