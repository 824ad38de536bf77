/** Chooses what the keeper of rooms runs on: the machine, the disk, the keys. */
import { randomBytes } from 'node:crypto'
import { defaultPlatform } from '@parley/mesh'
import type { KeeperStatus } from './child-messages.ts'
import { type Folder, openFolder } from './folder.ts'
import { loadIdentity } from './identity.ts'
import { type KeeperMetrics, makeKeeperMetrics, measured } from './keeper-metrics.ts'
import type { Log } from './log.ts'
import { operatorTokenFrom } from './operator-token.ts'
import { type Parts, quarantineCount } from './perform.ts'
import { Searcher } from './reading/search.ts'
import { RoomKeeper } from './room-keeper.ts'
import { seedKeyring } from './seed-keyring.ts'
import type { Share } from './share.ts'
import type { StorageAlarm } from './storage/api.ts'

export interface KeeperConfig {
  readonly dir: string
  readonly signaling: readonly string[]
  readonly operatorTokenFile: string | null
  readonly share: Share
  readonly maxRooms: number
}

export interface KeeperParts extends Parts {
  readonly metrics: KeeperMetrics
  status(): KeeperStatus
  /** Opens what is kept. */
  openRooms(): Promise<void>
  /** Flushes and closes every room, then the folder. */
  close(): Promise<void>
}

function statusOf(keeper: RoomKeeper, folder: Folder, quarantinedCount: number): KeeperStatus {
  const { names } = keeper
  const openCount = [...names].filter((name) => keeper.get(name) !== undefined).length
  const health = folder.health()
  return {
    roomCount: names.size,
    unopenedCount: names.size - openCount,
    quarantinedCount,
    ...keeper.totals(),
    sightedRooms: [...names].filter((name) => (keeper.get(name)?.sight ?? null) !== null),
    readOnly: health.state === 'ok' ? null : health.fault,
  }
}

/** The caller holds the lock of the folder. Rejects when it cannot be read, or with `unsupported` when WebRTC is missing. */
export async function makeKeeperParts(config: KeeperConfig, log: Log): Promise<KeeperParts> {
  const machine = defaultPlatform()
  const keyring = seedKeyring(machine.keyring)
  let quarantinedCount = 0
  const heed = (alarm: StorageAlarm): void => {
    if (alarm.kind === 'quarantined') quarantinedCount++
    // Of a damaged room that was open, trying again says so where rooms that failed are listed.
    if (alarm.kind === 'overflow' || alarm.kind === 'quarantined') void keeper.reopen(alarm.room)
  }
  const folder = await openFolder(config.dir, log, heed)
  const { agreementSeed } = await loadIdentity(config.dir)
  const metrics = makeKeeperMetrics(() => statusOf(keeper, folder, quarantinedCount))
  const platform = { ...machine, keyring, storages: measured(folder, metrics), log }
  const keeper = new RoomKeeper({
    platform,
    signaling: config.signaling,
    operatorToken:
      config.operatorTokenFile === null ? null : operatorTokenFrom(config.operatorTokenFile, log),
    identity: await keyring.fromSeeds(new Uint8Array(randomBytes(32)), agreementSeed),
    share: config.share,
    maxRooms: config.maxRooms,
    log,
    roomFailed: metrics.roomFailed,
  })
  return {
    platform,
    folder,
    keeper,
    searcher: new Searcher(log),
    metrics,
    status: () => statusOf(keeper, folder, quarantinedCount),
    async openRooms() {
      quarantinedCount = await quarantineCount(folder)
      await keeper.openAll(await folder.list())
    },
    async close() {
      await keeper.close()
      await folder.close()
    },
  }
}
