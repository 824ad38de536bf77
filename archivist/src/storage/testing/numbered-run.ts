/** A run of a thousand entries that tells what was acknowledged, for tests that end it somewhere. */
import { numbered } from '@parley/mesh/testing'
import { storagesOn } from '../disk-storages.ts'
import type { FileSystem } from '../file-system.ts'
import type { StorageLimits } from '../limits.ts'

export const RUN_ROOM = 'room'
export const RUN_ENTRIES = 1000
const FLUSH_EVERY = 10
const PUT_EVERY = 100
/** So that the run makes a good number of segments. */
export const SMALL_SEGMENTS: Partial<StorageLimits> = { segmentBytes: 1024 }

export const silent = { log: () => undefined }

export interface Acknowledged {
  entryCount: number
  /** Of the record `count`: what the last acknowledged put said. */
  value: number | null
}

/** Writes entries `from`… and notes in `acknowledged` what was; rejects when the disk does. */
export async function runNumbered(fs: FileSystem, from: number, acknowledged: Acknowledged): Promise<void> {
  const storages = await storagesOn(fs, '/data', silent, null, SMALL_SEGMENTS)
  const storage = await storages.open(RUN_ROOM)
  for (let number = from; number < RUN_ENTRIES; number++) {
    storage.append([numbered(number)])
    if (number % PUT_EVERY === 0) {
      await storage.put('count', number)
      acknowledged.value = number
      acknowledged.entryCount = number + 1
    } else if (number % FLUSH_EVERY === 0) {
      await storage.flush()
      acknowledged.entryCount = number + 1
    }
  }
  await storage.flush()
  acknowledged.entryCount = RUN_ENTRIES
  await storage.close()
  await storages.close()
}
