import { archiveOf, assertFails, ChainedLog, placesIn } from '@parley/mesh/testing'
import { beforeEach, describe, expect, it, vi } from 'vitest'
import type { StorageAlarm } from './api.ts'
import { storagesOn } from './disk-storages.ts'
import type { StorageLimits } from './limits.ts'
import { FakeFileSystem } from './testing/fake-file-system.ts'

const ROOM = '/data/rooms/room'
const LIMITS = { segmentBytes: 600, checkpointBytes: 200, scrubDelayMs: 1e9, scrubPauseMs: 0 }
const ENTRIES = 60
/** Two logs in turn. */
const ALL = Array.from({ length: ENTRIES }, (_, i) => `${1 + (i % 2)}/${1 + (i >> 1)}/0`)
const RANGES = [1, 2].map((log) => ({ log: `log ${log}`, from: 1, to: ENTRIES }))
const DISK_FAILS = Object.assign(new Error('made up by a test'), { code: 'EIO' })

let fs: FakeFileSystem
let events: string[]
let alarms: StorageAlarm[]

function openFolder(limits: Partial<StorageLimits> = {}) {
  const log = (_level: string, event: string) => void events.push(event)
  const options = { log, alarm: (alarm: StorageAlarm) => void alarms.push(alarm) }
  return storagesOn(fs, '/data', options, null, { ...LIMITS, ...limits })
}

async function openRoom(limits: Partial<StorageLimits> = {}, name = 'room') {
  const storages = await openFolder(limits)
  const storage = await storages.open(name)
  return { storages, storage, archive: await archiveOf(storage) }
}

/** In commits of three; then the process ends without a word unless it is `closed`. */
async function writeRoom(closed: boolean, name = 'room'): Promise<void> {
  const { storages, storage } = await openRoom({}, name)
  const logs = [new ChainedLog(1), new ChainedLog(2)]
  for (let i = 0; i < ENTRIES; i += 3) {
    storage.append([0, 1, 2].map((j) => (logs[(i + j) % 2] as ChainedLog).next()))
    await storage.flush()
  }
  await storage.put('value', 'kept')
  if (closed) await storages.close()
  else fs = fs.afterPowerCut('lost', () => 0)
}

async function files(prefix: string): Promise<string[]> {
  const names = (await fs.list(ROOM)).map(({ name }) => name)
  return names.filter((name) => name.startsWith(prefix))
}

async function change(file: string, edit: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  fs.overwrite(`${ROOM}/${file}`, edit(await fs.read(`${ROOM}/${file}`)))
}

const flipped = (at: number) => (bytes: Uint8Array) => {
  const changed = bytes.slice()
  changed[at] = (changed[at] as number) ^ 4
  return changed
}

async function expectAllThere(): Promise<void> {
  const { storages, storage, archive } = await openRoom()
  expect(await placesIn(archive.read(RANGES))).toEqual(ALL)
  expect((await storage.records?.())?.get('value')).toBe('kept')
  await storages.close()
}

/** Which files were read, and how much of each, from now on. */
function watchReads(): Map<string, number> {
  const bytes = new Map<string, number>()
  const read = fs.read.bind(fs)
  fs.read = async (path, fromByte, length) => {
    const result = await read(path, fromByte, length)
    const file = path.slice(path.lastIndexOf('/') + 1)
    bytes.set(file, (bytes.get(file) ?? 0) + result.length)
    return result
  }
  return bytes
}

beforeEach(() => {
  fs = new FakeFileSystem()
  events = []
  alarms = []
})

describe('[DS13] an index', () => {
  it('lies beside each segment, and a start reads no sealed segment but four bytes of it', async () => {
    await writeRoom(true)
    const sealed = (await files('segment-')).slice(0, -1)
    expect(sealed.length).toBeGreaterThan(4)
    expect(await files('index-')).toHaveLength(sealed.length + 1)
    const reads = watchReads()
    const { archive } = await openRoom()
    for (const file of sealed) expect(reads.get(file), file).toBe(4)
    expect(await placesIn(archive.read(RANGES))).toEqual(ALL)
    expect(events).toEqual([])
  })

  it('that is missing, cut short, or not what was written is made again from its segment', async () => {
    await writeRoom(true)
    const start = fs
    for (const file of await files('index-')) {
      const { length } = await start.read(`${ROOM}/${file}`)
      const edits = [
        () => new Uint8Array(),
        ...[1, 7, length >> 1, length - 1].map((to) => (bytes: Uint8Array) => bytes.subarray(0, to)),
        ...Array.from({ length: 30 }, (_, i) => flipped(Math.floor((i * length) / 30))),
        (bytes: Uint8Array) => new Uint8Array([...bytes, 0]),
      ]
      for (const edit of edits) {
        fs = start.copy()
        await change(file, edit)
        await expectAllThere()
      }
      fs = start.copy()
      await fs.remove(`${ROOM}/${file}`)
      await expectAllThere()
    }
    expect(alarms).toEqual([])
  })

  it('that is of another room, segment or time is not taken for this one’s', async () => {
    await writeRoom(true, 'other')
    await writeRoom(true)
    const start = fs
    const indices = await files('index-')
    for (const [i, file] of indices.entries()) {
      const others = [
        `/data/rooms/other/${file}`,
        `${ROOM}/${indices[(i + 1) % indices.length]}`,
        `${ROOM}/${indices[0]}`,
      ]
      for (const other of others) {
        fs = start.copy()
        const bytes = await fs.read(other)
        await change(file, () => bytes)
        await expectAllThere()
      }
    }
  })

  it('of commits that were cut away with a torn end is not believed when others stand in their place', async () => {
    const { storage } = await openRoom({ segmentBytes: 1e6, checkpointBytes: 1 })
    const log = new ChainedLog(1)
    for (let i = 0; i < 5; i++) {
      storage.append([log.next()])
      await storage.flush()
    }
    fs = fs.afterPowerCut('lost', () => 0)
    const noted = await fs.read(`${ROOM}/index-00000001`)
    // A bit of the last commit: told from a write that did not end by nothing.
    await change('segment-00000001.log', (bytes) => flipped(bytes.length - 1)(bytes))
    const again = await openRoom({ segmentBytes: 1e6 })
    expect(events).toContain('torn-tail-cut')
    again.storage.append(log.branchAt(4).many(2, 5))
    await again.storage.flush()
    fs = fs.afterPowerCut('lost', () => 0)
    await change('index-00000001', () => noted)
    const { archive } = await openRoom()
    const ranges = [{ log: 'log 1', from: 1, to: 9 }]
    expect(await placesIn(archive.read(ranges))).toEqual([
      '1/1/0',
      '1/2/0',
      '1/3/0',
      '1/4/0',
      '1/5/5',
      '1/6/5',
    ])
  })

  it('that the disk does not take costs nothing that was acknowledged', async () => {
    fs.failure = (operation, path) =>
      operation === 'write' && path.includes('/index-') ? { code: 'ENOSPC', half: true } : null
    await writeRoom(false)
    expect(events).toContain('index-unwritten')
    await expectAllThere()
    expect(alarms).toEqual([])
  })

  it('that breaks while the room is open is made again when it is read', async () => {
    await writeRoom(true)
    const { archive } = await openRoom()
    for (const file of await files('index-')) {
      const { length } = await fs.read(`${ROOM}/${file}`)
      await change(file, flipped(length - 20))
    }
    const [gone] = await files('index-')
    await fs.remove(`${ROOM}/${gone}`)
    expect(await placesIn(archive.read(RANGES))).toEqual(ALL)
    expect(events).toContain('index-made-again')
    await expectAllThere()
  })
})

describe('[F45] [DS14] a flipped bit in a sealed segment', () => {
  it('that has an index is noticed when an entry of it is read, and nothing damaged is handed out', async () => {
    await writeRoom(true)
    const start = fs
    const { length } = await start.read(`${ROOM}/segment-00000002.log`)
    let noticed = 0
    for (let at = 0; at < length; at += 5) {
      fs = start.copy()
      alarms = []
      await change('segment-00000002.log', flipped(at))
      const storages = await openFolder()
      const got: string[] = []
      const reading = (async () => {
        const archive = await archiveOf(await storages.open('room'))
        for await (const entry of archive.read(RANGES)) got.push(...(await placesIn(once(entry))))
      })()
      const error = await reading.then(
        () => null,
        (fault: unknown) => fault,
      )
      expect(got).toEqual(ALL.slice(0, got.length))
      if (error === null) continue
      noticed++
      expect(error).toMatchObject({ fault: 'damaged' })
      await vi.waitFor(() => expect(alarms.map(({ kind }) => kind)).toEqual(['quarantined']))
      await expect(storages.open('room')).rejects.toMatchObject({ fault: 'damaged' })
      expect(await storages.list()).toEqual([])
    }
    // What is not of an entry (prefixes, lengths) is nobody's harm and left to the scrub.
    expect(noticed).toBeGreaterThan((length / 5) * 0.7)
  })

  it('is noticed after a start though nobody reads, wherever it is', async () => {
    await writeRoom(true)
    const start = fs
    const { length } = await start.read(`${ROOM}/segment-00000003.log`)
    for (let at = 0; at < length; at += 31) {
      fs = start.copy()
      alarms = []
      await change('segment-00000003.log', flipped(at))
      await openRoom({ scrubDelayMs: 0 })
      await vi.waitFor(() => expect(alarms.map(({ kind }) => kind)).toEqual(['quarantined']))
      expect((await fs.list('/data/quarantine')).map(({ name }) => name)).toEqual(['room.1'])
    }
  })

  it('is noticed when all is read, and by a start where no index speaks for the segment', async () => {
    await writeRoom(true)
    await change('segment-00000002.log', flipped(100))
    const start = fs
    fs = start.copy()
    const { storage } = await openRoom()
    await assertFails(() => storage.load(), 'storage-failed')
    await vi.waitFor(() => expect(alarms).toHaveLength(1))
    fs = start.copy()
    await fs.remove(`${ROOM}/index-00000002`)
    const storages = await openFolder()
    await expect(storages.open('room')).rejects.toMatchObject({ fault: 'damaged' })
  })

  it('is no damage where the machine cannot read: the room stays, and what can be read is', async () => {
    await writeRoom(true)
    const { archive } = await openRoom()
    const read = fs.read.bind(fs)
    fs.read = async (path, ...rest) => {
      if (path.endsWith('segment-00000002.log')) throw DISK_FAILS
      return read(path, ...rest)
    }
    await expect(placesIn(archive.read(RANGES))).rejects.toMatchObject({ fault: 'io' })
    fs.read = read
    expect(await placesIn(archive.read(RANGES))).toEqual(ALL)
    expect(alarms).toEqual([])
  })

  it('a sealed segment that is gone or shorter is noticed by a start', async () => {
    await writeRoom(true)
    const start = fs
    for (const file of (await files('segment-')).slice(0, -1)) {
      fs = start.copy()
      await change(file, (bytes) => bytes.subarray(0, bytes.length - 1))
      await expect((await openFolder()).open('room')).rejects.toMatchObject({ fault: 'damaged' })
      fs = start.copy()
      await fs.remove(`${ROOM}/${file}`)
      await expect((await openFolder()).open('room')).rejects.toMatchObject({ fault: 'damaged' })
    }
  })
})

async function* once<T>(value: T): AsyncGenerator<T> {
  yield value
}

describe('[DS15] reading', () => {
  it('goes on no further than it is asked to', async () => {
    const storages = await openFolder({ segmentBytes: 64 * 1024 * 1024 })
    const storage = await storages.open('room')
    const log = new ChainedLog(1)
    const LARGE = 40_000
    for (let i = 0; i < 60; i++) {
      const entry = new Uint8Array(LARGE)
      entry.set(log.next())
      storage.append([entry])
    }
    await storages.close()
    fs = fs.copy()
    const folder = await openFolder()
    const reopened = await folder.open('room')
    // Not chained by their own bytes: each is an entry of a log of its own place.
    const archive = await reopened.archive?.((bytes) => {
      const seq = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
      return { log: 'large', seq, prev: hashOf(seq - 1), hash: hashOf(seq), timeMs: 1 }
    })
    const reads = watchReads()
    let count = 0
    for await (const bytes of archive?.read([{ log: 'large', from: 1, to: 60 }]) ?? []) {
      expect(bytes).toHaveLength(LARGE)
      const readBytes = [...reads.values()].reduce((sum, each) => sum + each, 0)
      expect(readBytes).toBeLessThan(++count * LARGE + 700_000)
    }
    expect(count).toBe(60)
  })
})

function hashOf(seq: number): Uint8Array {
  return new Uint8Array(32).fill(seq)
}
