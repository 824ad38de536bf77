/** Run by a test that kills it: writes numbered entries for ever and says on standard output what was acknowledged. */
import { writeSync } from 'node:fs'
import { argv, exit } from 'node:process'
import { numbered } from '@parley/mesh/testing'
import { storagesOn } from '../disk-storages.ts'
import { holdFolder } from '../hold-folder.ts'
import { nodeFileSystem } from '../node-file-system.ts'
import { describeNumbered, RUN_ROOM, silent } from './numbered-run.ts'

/** Not a multiple of a disk's sectors, and of many sizes. */
function entryOf(number: number): Uint8Array {
  const entry = new Uint8Array(12 + ((number * 37) % 3000))
  entry.set(numbered(number))
  return entry
}

/** A run of a test makes a dozen segments, and notes each index some times. */
const LIMITS = { segmentBytes: 2 * 1024 * 1024, checkpointBytes: 500_000 }

const dir = argv[2] as string
const hold = await holdFolder(dir, () => exit(1))
const storages = await storagesOn(nodeFileSystem, dir, silent, hold, LIMITS)
const storage = await storages.open(RUN_ROOM)
await storage.archive?.(describeNumbered)
let next = (await storage.load()).entries.length
for (;;) {
  // A megabyte at once every now and then: a write that long ends in its middle when the process does.
  const count = next % 300 === 0 ? 700 : 1 + (next % 7)
  storage.append(Array.from({ length: count }, (_, index) => entryOf(next + index)))
  next += count
  // Two flushes overlap every now and then, as with two handles.
  if (next % 3 === 0) storage.flush().catch(() => undefined)
  else {
    await storage.flush()
    writeSync(1, `${next}\n`)
  }
}
