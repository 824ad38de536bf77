/** Prometheus metrics of the process that keeps rooms. No label names a room: there may be thousands, and ids are nobody's business. */
import type { Platform } from '@parley/mesh'
import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client'
import type { KeeperStatus } from './child-messages.ts'

type Storages = Platform['storages']
type Storage = Awaited<ReturnType<Storages['open']>>

export interface KeeperMetrics {
  readonly registry: Registry
  flushed(seconds: number, ok: boolean): void
  roomFailed(): void
}

const PREFIX = 'parley_archivist_'
/** fdatasync takes 0.2 ms on a good disk and a second on one in trouble. */
const FLUSH_BUCKETS_S = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

export function makeKeeperMetrics(status: () => KeeperStatus): KeeperMetrics {
  const registry = new Registry()
  const registers = [registry]
  collectDefaultMetrics({ register: registry, prefix: `${PREFIX}keeper_` })
  const gauge = (name: string, help: string, read: (status: KeeperStatus) => number) =>
    new Gauge({
      name: PREFIX + name,
      help,
      registers,
      collect() {
        this.set(read(status()))
      },
    })
  gauge('rooms', 'Rooms that are kept', ({ roomCount }) => roomCount)
  gauge(
    'rooms_unopened',
    'Kept rooms that are not open, yet or for good',
    ({ unopenedCount }) => unopenedCount,
  )
  gauge('rooms_quarantined', 'Rooms that failed their check', ({ quarantinedCount }) => quarantinedCount)
  gauge('rooms_sighted', 'Rooms that can be read here', ({ sightedRooms }) => sightedRooms.length)
  gauge('links', 'Peers that are linked now', ({ linkCount }) => linkCount)
  gauge('entries', 'Sealed entries that are kept', ({ entryCount }) => entryCount)
  gauge('entry_bytes', 'Bytes of these entries', ({ entryBytes }) => entryBytes)
  gauge('read_only', '1 while the disk takes nothing and nothing is acknowledged', ({ readOnly }) =>
    readOnly === null ? 0 : 1,
  )
  const flush = new Histogram({
    name: `${PREFIX}flush_seconds`,
    help: 'From asking for durability to having it',
    buckets: FLUSH_BUCKETS_S,
    registers,
  })
  const failures = new Counter({
    name: `${PREFIX}flush_failures_total`,
    help: 'Flushes that did not become durable',
    registers,
  })
  const failed = new Counter({
    name: `${PREFIX}room_failures_total`,
    help: 'Rooms that could not be opened',
    registers,
  })
  return {
    registry,
    flushed(seconds, ok) {
      flush.observe(seconds)
      if (!ok) failures.inc()
    },
    roomFailed: () => failed.inc(),
  }
}

/** `storages`, with every flush told to `metrics`. */
export function measured(storages: Storages, metrics: Pick<KeeperMetrics, 'flushed'>): Storages {
  return {
    remove: (name) => storages.remove(name),
    open: async (name) => measuredStorage(await storages.open(name), metrics),
  }
}

function measuredStorage(storage: Storage, metrics: Pick<KeeperMetrics, 'flushed'>): Storage {
  const { records, archive } = storage
  return {
    ...(records && { records: () => records.call(storage) }),
    ...(archive && { archive: (describe) => archive.call(storage, describe) }),
    durability: storage.durability,
    load: () => storage.load(),
    append: (entries) => storage.append(entries),
    put: (key, value) => storage.put(key, value),
    close: () => storage.close(),
    async flush() {
      const startedMs = performance.now()
      let ok = false
      try {
        await storage.flush()
        ok = true
      } finally {
        metrics.flushed((performance.now() - startedMs) / 1000, ok)
      }
    },
  }
}
