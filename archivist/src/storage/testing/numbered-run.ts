/** A run of a thousand entries that tells what was acknowledged, for tests that end it somewhere. */
import type { EntryFacts, Storage } from '@parley/mesh'
import { numbered, numbersOf } from '@parley/mesh/testing'
import { storagesOn } from '../disk-storages.ts'
import type { FileSystem } from '../file-system.ts'
import type { StorageLimits } from '../limits.ts'

export const RUN_ROOM = 'room'
const FLUSH_EVERY = 10
const PUT_EVERY = 100
/** So that the run makes a good number of segments and indices. */
export const SMALL_SEGMENTS: Partial<StorageLimits> = { segmentBytes: 1024, checkpointBytes: 400 }
/** Numbers are of so many logs, in turn. */
const LOGS = 3

/** What an archive is told of a numbered entry. */
export function describeNumbered(bytes: Uint8Array): EntryFacts {
  const number = new DataView(bytes.buffer, bytes.byteOffset).getUint32(8)
  const seq = Math.floor(number / LOGS) + 1
  return { log: `log ${number % LOGS}`, seq, prev: hashOf(number - LOGS), hash: hashOf(number), timeMs: seq }
}

function hashOf(number: number): Uint8Array {
  const hash = new Uint8Array(32)
  if (number >= 0) new DataView(hash.buffer).setUint32(0, number + 1)
  return hash
}

/** All numbers, as their archive has them, after it was made of what is there. */
export async function numbersInArchive(storage: Storage): Promise<number[]> {
  const archive = await storage.archive?.(describeNumbered)
  const ranges = Array.from({ length: LOGS }, (_, log) => ({ log: `log ${log}`, from: 1, to: 1e9 }))
  const entries: Uint8Array[] = []
  for await (const entry of archive?.read(ranges) ?? []) entries.push(entry.slice())
  return entries.length === 0 ? [] : numbersOf(entries).split(' ').map(Number)
}

export const silent = { log: () => undefined }

export interface Acknowledged {
  entryCount: number
  /** Of the record `count`: what the last acknowledged put said. */
  value: number | null
}

export interface Run {
  readonly entries: number
  /** Whether indices are written. */
  readonly archived: boolean
}

/** Writes entries `from`… and notes in `acknowledged` what was; rejects when the disk does. */
export async function runNumbered(
  fs: FileSystem,
  from: number,
  acknowledged: Acknowledged,
  run: Run,
): Promise<void> {
  const storages = await storagesOn(fs, '/data', silent, null, SMALL_SEGMENTS)
  const storage = await storages.open(RUN_ROOM)
  if (run.archived) await storage.archive?.(describeNumbered)
  for (let number = from; number < run.entries; number++) {
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
  acknowledged.entryCount = run.entries
  await storage.close()
  await storages.close()
}
