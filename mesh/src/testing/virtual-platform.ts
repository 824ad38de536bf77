import type { IceServer } from '@parley/protocol'
import type { Clock, Keyring, Log, Platform, Storages } from '../ports.ts'
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
  /** Stays with the host from life to life. */
  storages(hostName: string): Storages
  /** A host's ports. After {@link kill}, a new call starts its next life, with the storage of the last. */
  platform(hostName: string): Platform
  /** As when the power fails: its timers, connections and sockets are gone, and it says nothing to anybody. */
  kill(hostName: string): void
  /** The same, and its disk is thrown away. */
  discard(hostName: string): void
}

function latencyOf(range: number | readonly [number, number], fraction: () => number): () => number {
  if (typeof range === 'number') return () => range
  const [minMs, maxMs] = range
  return () => minMs + fraction() * (maxMs - minMs)
}

/** A clock that stops for a dead host: what it was going to do does not happen. */
function mortalClock(clock: VirtualClock, isAlive: () => boolean): Clock {
  const after: Clock['after'] = (delayMs, call) =>
    clock.after(delayMs, () => {
      if (isAlive()) call()
    })
  return {
    nowMs: () => clock.nowMs(),
    after,
    yieldToHost: () =>
      new Promise((resolve) => {
        after(0, resolve)
      }),
  }
}

/** Of a run of any length at least so many of the last lines are there. */
const LOG_LINES = 20_000

export function virtualWorld(options: WorldOptions): VirtualWorld {
  const { seed, latencyMs = [10, 50], bytesPerSecond } = options
  const clock = new VirtualClock()
  const trace: string[] = []
  const logLines: LogLine[] = []
  const keyring = seededKeyring(seededRandom(`${seed} keys`))
  const shared = {
    latencyMs: latencyOf(latencyMs, seededRandom(`${seed} latency`).fraction),
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
  const storagesOf = new Map<string, Storages>()
  const lives = new Map<string, number>()

  const storages = (hostName: string): Storages => {
    const known = storagesOf.get(hostName) ?? new MemoryStorages({ durability: 'disk' })
    storagesOf.set(hostName, known)
    return known
  }
  const lifeOf = (hostName: string) => lives.get(hostName) ?? 0
  const kill = (hostName: string) => {
    platforms.delete(`${hostName} ${lifeOf(hostName)}`)
    lives.set(hostName, lifeOf(hostName) + 1)
    network.killHost(hostName)
    signaling.killHost(hostName)
  }
  const platforms = new Map<string, Platform>()
  const platform = (hostName: string): Platform => {
    const name = `${hostName} ${lifeOf(hostName)}`
    const known = platforms.get(name) ?? makePlatform(hostName, lifeOf(hostName))
    platforms.set(name, known)
    return known
  }
  const makePlatform = (hostName: string, life: number): Platform => {
    const random = seededRandom(`${seed} ${hostName} ${life}`)
    return {
      clock: mortalClock(clock, () => lifeOf(hostName) === life),
      random,
      keyring: seededKeyring(random),
      cipher: seededCipher(random),
      connect: network.connectFor(hostName),
      dial: signaling.dialFor(hostName),
      storages: storages(hostName),
      onOnline: () => () => undefined,
      log: (level, event, facts) => {
        logLines.push({ atMs: clock.elapsedMs(), host: hostName, level, event, facts })
        if (logLines.length > 2 * LOG_LINES) logLines.splice(0, LOG_LINES)
      },
    }
  }
  const discard = (hostName: string) => {
    kill(hostName)
    storagesOf.delete(hostName)
  }
  return { clock, network, signaling, keyring, logLines, trace, storages, platform, kill, discard }
}
