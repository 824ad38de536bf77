/** What every implementation of the storage ports keeps to; runs under Vitest and Mocha alike. */
import { equalBytes } from '@parley/protocol'
import { ParleyError, type ParleyErrorKind } from '../errors.ts'
import type { Storages } from '../ports.ts'
import { assert, assertEqual, failureOf } from './assert.ts'

/** A fresh device per test. */
export interface StorageSubject {
  readonly storages: Storages
  /** The same device after the process ended without a word, its handles still open. */
  reopen(roomName: string): Promise<Storages>
  /** The next write of entries fails for lack of quota, and only that one. */
  failNextWrite(): void
}

export interface TestFrame {
  describe(name: string, define: () => void): void
  it(name: string, run: () => Promise<void>): void
}

let roomCount = 0
/** A room that no other test of this file uses. */
export function freshRoomName(): string {
  return `room-${++roomCount}`
}

/** An entry of 12 bytes that is told from others by `number`. */
export function numbered(number: number): Uint8Array {
  const bytes = new Uint8Array(12)
  new DataView(bytes.buffer).setUint32(8, number)
  return bytes
}

export function numbersOf(entries: readonly Uint8Array[]): string {
  return entries.map((entry) => new DataView(entry.buffer, entry.byteOffset).getUint32(8)).join(' ')
}

export async function assertFails(
  call: () => unknown,
  ...kinds: readonly ParleyErrorKind[]
): Promise<ParleyError> {
  const error = await failureOf(call)
  assert(error instanceof ParleyError, `expected a ParleyError, got ${String(error)}`)
  assert(kinds.includes(error.kind), `expected ${kinds.join(' or ')}, got ${error.kind}: ${error.message}`)
  return error
}

export function describeStorageContract(
  name: string,
  make: () => Promise<StorageSubject>,
  { describe, it }: TestFrame,
): void {
  describe(`storage contract: ${name}`, () => {
    describeEntries(make, it)
    describeWriters(make, it)
    describeRecords(make, it)
    describeEnds(make, it)
  })
}

type It = TestFrame['it']
type Make = () => Promise<StorageSubject>

async function storedNumbers(storages: Storages, roomName: string): Promise<string> {
  const storage = await storages.open(roomName)
  const numbers = numbersOf((await storage.load()).entries)
  await storage.close()
  return numbers
}

function describeEntries(make: Make, it: It): void {
  it('an unknown room is empty', async () => {
    const storage = await (await make()).storages.open(freshRoomName())
    const { entries, records } = await storage.load()
    assertEqual(entries.length + records.size, 0, 'entries and records')
    await storage.close()
  })

  it('what was flushed is there after a crash, in order', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    storage.append([numbered(1)])
    storage.append([numbered(2), numbered(3)])
    await storage.flush()
    storage.append([])
    storage.append([numbered(4)])
    await storage.flush()
    assertEqual(await storedNumbers(await subject.reopen(roomName), roomName), '1 2 3 4')
  })

  it('more than a block and an entry of 256 KB come back as they were', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const large = new Uint8Array(256 * 1024).fill(7)
    const many = Array.from({ length: 1200 }, (_, number) => numbered(number))
    storage.append(many.slice(0, 700))
    storage.append([large])
    await storage.flush()
    storage.append(many.slice(700))
    await storage.flush()
    const { entries } = await (await (await subject.reopen(roomName)).open(roomName)).load()
    assertEqual(entries.length, 1201, 'entries')
    assert(equalBytes(entries[700] as Uint8Array, large), 'the large entry differs')
    assertEqual(numbersOf(entries.filter((_, index) => index !== 700)), numbersOf(many))
  })

  it('the caller may use its buffers again', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const entry = numbered(1)
    storage.append([entry])
    entry.fill(255)
    await storage.flush()
    assertEqual(numbersOf((await storage.load()).entries), '1')
  })
}

function describeWriters(make: Make, it: It): void {
  it('two handles lose nothing, and what one appended in one call stays together', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const first = await subject.storages.open(roomName)
    const second = await subject.storages.open(roomName)
    const flushes: Promise<void>[] = []
    for (let round = 0; round < 20; round++) {
      first.append([numbered(round * 10), numbered(round * 10 + 1)])
      second.append([numbered(1000 + round * 10), numbered(1000 + round * 10 + 1)])
      if (round % 3 === 0) flushes.push(first.flush())
      if (round % 4 === 0) flushes.push(second.flush())
    }
    await Promise.all([...flushes, first.flush(), second.flush()])
    const numbers = (await storedNumbers(await subject.reopen(roomName), roomName)).split(' ').map(Number)
    assertEqual(numbers.length, 80, 'entries')
    for (let at = 0; at < numbers.length; at += 2)
      assertEqual(numbers[at + 1], (numbers[at] as number) + 1, 'the second of a call')
    for (const from of [0, 1000]) {
      const own = numbers.filter((number) => number >= from && number < from + 1000)
      assertEqual(own.join(), [...own].sort((a, b) => a - b).join(), 'order of one handle')
    }
  })

  it('[F49] a failed append is told by the next flush, and stored in order by the one after', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    storage.append([numbered(1)])
    await storage.flush()
    subject.failNextWrite()
    storage.append([numbered(2)])
    storage.append([numbered(3)])
    await assertFails(() => storage.flush(), 'storage-failed')
    const stored = await storedNumbers(subject.storages, roomName)
    assert('1 2 3'.startsWith(stored), `stored with a gap: ${stored}`)
    storage.append([numbered(4)])
    await storage.flush()
    assertEqual(await storedNumbers(await subject.reopen(roomName), roomName), '1 2 3 4')
  })
}

function describeRecords(make: Make, it: It): void {
  it('records survive a crash once put resolved, with bytes and maps as they were', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const value = { bytes: Uint8Array.of(1, 2), map: new Map([['a', 1]]), none: undefined }
    await storage.put('value', value)
    await storage.put('replaced', 1)
    await storage.put('replaced', 2)
    const { records } = await (await (await subject.reopen(roomName)).open(roomName)).load()
    const loaded = records.get('value') as typeof value
    assertEqual([...records.keys()].sort().join(), 'replaced,value')
    assertEqual(records.get('replaced'), 2)
    assert(equalBytes(loaded.bytes, value.bytes), 'bytes differ')
    assertEqual(loaded.map.get('a'), 1)
    assert('none' in loaded, 'undefined was dropped')
  })

  it('a value that cannot be cloned is refused', async () => {
    const storage = await (await make()).storages.open(freshRoomName())
    await failureOf(() => storage.put('function', () => undefined))
    assertEqual((await storage.load()).records.size, 0, 'records')
  })
}

function describeEnds(make: Make, it: It): void {
  it('close stores what was appended', async () => {
    const { storages } = await make()
    const roomName = freshRoomName()
    const storage = await storages.open(roomName)
    storage.append([numbered(1)])
    await storage.close()
    assertEqual(await storedNumbers(storages, roomName), '1')
  })

  it('after close every call rejects, and append is told of by flush', async () => {
    const storage = await (await make()).storages.open(freshRoomName())
    await storage.close()
    storage.append([numbered(1)])
    await assertFails(() => storage.flush(), 'closed', 'storage-failed')
    await assertFails(() => storage.load(), 'closed', 'storage-failed')
    await assertFails(() => storage.put('key', 1), 'closed', 'storage-failed')
    await storage.close()
  })

  it('[F49] a removed room is empty, its open handles fail, other rooms stay', async () => {
    const { storages } = await make()
    const [roomName, otherName] = [freshRoomName(), freshRoomName()]
    const storage = await storages.open(roomName)
    const other = await storages.open(otherName)
    for (const each of [storage, other]) {
      each.append([numbered(1)])
      await each.put('key', 1)
      await each.flush()
    }
    await storages.remove(roomName)
    storage.append([numbered(2)])
    await assertFails(() => storage.flush(), 'storage-failed')
    await assertFails(() => storage.put('key', 2), 'storage-failed')
    const { entries, records } = await (await storages.open(roomName)).load()
    assertEqual(entries.length + records.size, 0, 'entries and records')
    assertEqual(await storedNumbers(storages, otherName), '1')
  })
}
