/** Run by a test that kills it: writes numbered entries for ever and says on standard output what was acknowledged. */
import { writeSync } from 'node:fs'
import { argv } from 'node:process'
import { numbered } from '@parley/mesh/testing'
import { diskStorages } from '../disk-storages.ts'
import { RUN_ROOM, silent } from './numbered-run.ts'

/** Not a multiple of a disk's sectors, and of many sizes. */
function entryOf(number: number): Uint8Array {
  const entry = new Uint8Array(12 + ((number * 37) % 3000))
  entry.set(numbered(number))
  return entry
}

const storages = await diskStorages(argv[2] as string, silent)
const storage = await storages.open(RUN_ROOM)
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
