import { assertFails, numbered, numbersOf } from '@parley/mesh/testing'
import { beforeEach, describe, expect, it } from 'vitest'
import type { StorageAlarm } from './api.ts'
import { storagesOn } from './disk-storages.ts'
import { encodeCommit, LOG_KINDS } from './log-records.ts'
import { FakeFileSystem } from './testing/fake-file-system.ts'

const FIRST = '/data/rooms/room/segment-00000001.log'
let fs: FakeFileSystem
let events: string[]
let alarms: StorageAlarm[]

function openFolder(segmentBytes?: number) {
  const limits = segmentBytes === undefined ? {} : { segmentBytes }
  const log = (_level: string, event: string) => void events.push(event)
  return storagesOn(fs, '/data', { log, alarm: (alarm) => void alarms.push(alarm) }, null, limits)
}

/** Ten commits of one entry in each room, and power fails: no folder was closed. */
async function writeTwoRooms(segmentBytes?: number): Promise<void> {
  const storages = await openFolder(segmentBytes)
  for (const name of ['room', 'other']) {
    const storage = await storages.open(name)
    for (let number = 0; number < 10; number++) {
      storage.append([numbered(number)])
      await storage.flush()
    }
  }
  fs = fs.afterPowerCut('lost', () => 0)
}

async function damageFirst(change: (bytes: Uint8Array) => Uint8Array): Promise<void> {
  fs.overwrite(FIRST, change(await fs.read(FIRST)))
}

function flipped(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice()
  changed[at] = (changed[at] as number) ^ 4
  return changed
}

async function stored(name: string): Promise<string> {
  const storages = await openFolder()
  return numbersOf((await (await storages.open(name)).load()).entries)
}

async function expectQuarantined(): Promise<void> {
  const storages = await openFolder()
  const error = await assertFails(() => storages.open('room'), 'storage-failed')
  expect(error).toMatchObject({ fault: 'damaged' })
  expect(alarms.map(({ kind }) => kind)).toEqual(['quarantined'])
  expect((await fs.list('/data/quarantine')).map(({ name }) => name)).toEqual(['room.1'])
  // Still refused, and not taken for a new room.
  await expect(storages.open('room')).rejects.toMatchObject({ fault: 'damaged' })
  expect(await storages.list()).toEqual(['other'])
  expect(await stored('other')).toBe('0 1 2 3 4 5 6 7 8 9')
}

beforeEach(() => {
  fs = new FakeFileSystem()
  events = []
  alarms = []
})

describe('[F45] a torn end', () => {
  it('[DS3] is cut with a line in the log at every length, and writing goes on', async () => {
    await writeTwoRooms()
    const whole = await fs.read(FIRST)
    const start = fs
    for (let cut = 1; cut < 25; cut++) {
      events = []
      fs = start
      await damageFirst(() => whole.subarray(0, whole.length - cut))
      const storages = await openFolder()
      const storage = await storages.open('room')
      expect(events).toEqual(['torn-tail-cut'])
      // Behind a shorter write, what was left could be read as entries.
      expect(await fs.read(FIRST)).toHaveLength(whole.length - 26)
      expect(numbersOf((await storage.load()).entries)).toBe('0 1 2 3 4 5 6 7 8')
      storage.append([numbered(9)])
      await storage.flush()
      expect(numbersOf((await storage.load()).entries)).toBe('0 1 2 3 4 5 6 7 8 9')
    }
    expect(alarms).toEqual([])
  })

  it('[DS3] of zeros or rubbish is cut', async () => {
    await writeTwoRooms()
    for (const rest of [new Uint8Array(500), new Uint8Array(500).fill(0x5a)]) {
      await damageFirst((bytes) => new Uint8Array([...bytes, ...rest]))
      expect(await stored('room')).toBe('0 1 2 3 4 5 6 7 8 9')
    }
    expect(events).toEqual(['torn-tail-cut', 'torn-tail-cut'])
  })

  it('[DS4] in a room that was closed is damage: the manifest says how much was durable', async () => {
    await writeTwoRooms()
    const storages = await openFolder()
    await (await storages.open('room')).close()
    await storages.close()
    await damageFirst((bytes) => bytes.subarray(0, bytes.length - 1))
    await expectQuarantined()
  })
})

describe('[F45] a flipped bit', () => {
  it('[DS4] in the middle of the segment that is written to quarantines that room only', async () => {
    await writeTwoRooms()
    const whole = await fs.read(FIRST)
    // The last commit alone may be taken for torn: nothing says that it was acknowledged.
    for (let at = 0; at < whole.length - 2 * (whole.length / 11); at += 3) {
      fs = new FakeFileSystem()
      alarms = []
      await writeTwoRooms()
      await damageFirst((bytes) => flipped(bytes, at))
      await expectQuarantined()
      const [folder] = await fs.list('/data/quarantine')
      expect(await fs.read(`/data/quarantine/${folder?.name}/segment-00000001.log`)).toHaveLength(
        whole.length,
      )
    }
  })

  it('[DS4] in a sealed segment or the manifest, and a segment that is gone, quarantine', async () => {
    const files = ['segment-00000001.log', 'segment-00000002.log', 'manifest']
    for (const file of files) {
      const path = `/data/rooms/room/${file}`
      for (const isGone of [false, true]) {
        fs = new FakeFileSystem()
        alarms = []
        await writeTwoRooms(150)
        if (isGone) await fs.remove(path)
        else fs.overwrite(path, flipped(await fs.read(path), 30))
        await expectQuarantined()
      }
    }
  })

  it('[DS4] a removed room leaves quarantine and opens empty', async () => {
    await writeTwoRooms()
    await damageFirst((bytes) => flipped(bytes, 100))
    await expectQuarantined()
    await (await openFolder()).remove('room')
    expect(await stored('room')).toBe('')
    expect(await fs.list('/data/quarantine')).toEqual([])
  })
})

it('[DS1] a record of a reserved kind is newer, not damage: refused, and left where it is', async () => {
  await writeTwoRooms()
  await damageFirst((bytes) =>
    Buffer.concat([bytes, encodeCommit([{ kind: LOG_KINDS.snapshot, payload: Uint8Array.of(1) }], 11)]),
  )
  const storages = await openFolder()
  await expect(storages.open('room')).rejects.toMatchObject({ fault: 'refused' })
  expect(await storages.list()).toEqual(['other', 'room'])
  expect(alarms).toEqual([])
})

it('[DS4] a room whose files cannot be read is not taken for damaged', async () => {
  await writeTwoRooms()
  const read = fs.read.bind(fs)
  fs.read = async (path) => {
    if (path === FIRST) throw Object.assign(new Error('made up by a test'), { code: 'EIO' })
    return read(path)
  }
  const storages = await openFolder()
  await expect(storages.open('room')).rejects.toMatchObject({ fault: 'io' })
  fs.read = read
  expect(numbersOf((await (await storages.open('room')).load()).entries)).toBe('0 1 2 3 4 5 6 7 8 9')
})
