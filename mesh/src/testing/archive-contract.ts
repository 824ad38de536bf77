/** What every archive of entries keeps to; runs under Vitest and Mocha alike. */
import { sha256 } from '@parley/protocol'
import { ParleyError } from '../errors.ts'
import type { EntryArchive, EntryFacts, Storage, Storages } from '../ports.ts'
import { assert, assertEqual, failureOf } from './assert.ts'
import { freshRoomName, type TestFrame } from './storage-contract.ts'

/** A fresh device per test, whose storage has archives. */
export interface ArchiveSubject {
  readonly storages: Storages
  /** The same device after the process ended without a word. */
  reopen(roomName: string): Promise<Storages>
}

const FIRST_PREV = new Uint8Array(32)
const PREV_AT = 6

/** Entries of one log, each with the hash of the one before; `branch` makes them others. */
export class ChainedLog {
  readonly #log: number
  readonly #entries: Uint8Array[] = []

  constructor(log: number) {
    this.#log = log
  }

  get name(): string {
    return `log ${this.#log}`
  }

  get count(): number {
    return this.#entries.length
  }

  /** From here on as if there had been only `count` entries. */
  branchAt(count: number): this {
    this.#entries.length = count
    return this
  }

  next(branch = 0): Uint8Array {
    const before = this.#entries.at(-1)
    // Not all of one size, and none of a sector's.
    const bytes = new Uint8Array(PREV_AT + 32 + ((this.count * 7) % 23))
    bytes[0] = this.#log
    new DataView(bytes.buffer).setUint32(1, this.count + 1)
    bytes[5] = branch
    bytes.set(before ? sha256(before) : FIRST_PREV, PREV_AT)
    this.#entries.push(bytes)
    return bytes
  }

  many(count: number, branch = 0): Uint8Array[] {
    return Array.from({ length: count }, () => this.next(branch))
  }
}

/** For {@link ChainedLog}; whatever is shorter is no entry. */
export function describeChained(bytes: Uint8Array): EntryFacts | null {
  if (bytes.length < PREV_AT + 32) return null
  const seq = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
  const prev = bytes.slice(PREV_AT, PREV_AT + 32)
  return { log: `log ${bytes[0]}`, seq, prev, hash: sha256(bytes), timeMs: 1_000 + seq }
}

/** `log/seq/branch` of entries in the order in which they come. */
export async function placesIn(entries: AsyncIterable<Uint8Array>): Promise<string[]> {
  const places: string[] = []
  for await (const bytes of entries) {
    const seq = new DataView(bytes.buffer, bytes.byteOffset).getUint32(1)
    places.push(`${bytes[0]}/${seq}/${bytes[5]}`)
  }
  return places
}

export async function archiveOf(storage: Storage): Promise<EntryArchive> {
  assert(storage.archive !== undefined, 'this storage has no archive')
  return storage.archive(describeChained)
}

/** `name: seq` of all logs. */
async function headsIn(archive: EntryArchive): Promise<string[]> {
  const heads: string[] = []
  for await (const { log, seq, hash, timeMs, byteCount } of archive.logs()) {
    const facts = await archive.facts(log, seq)
    assertEqual(String(facts?.hash), String(hash), `the head of ${log}`)
    assertEqual(facts?.timeMs, timeMs, `the time of ${log}`)
    assert(byteCount > 0, 'a log without bytes')
    heads.push(`${log}: ${seq}`)
  }
  return heads.sort()
}

async function nowAndAfterCrash(
  subject: ArchiveSubject,
  roomName: string,
  archive: EntryArchive,
  check: (archive: EntryArchive) => Promise<void>,
): Promise<void> {
  await check(archive)
  const reopened = await (await subject.reopen(roomName)).open(roomName)
  await check(await archiveOf(reopened))
}

type Make = () => Promise<ArchiveSubject>

export function describeArchiveContract(name: string, make: Make, { describe, it }: TestFrame): void {
  describe(`archive contract: ${name}`, () => {
    describeReading(make, it)
    describeBranches(make, it)
  })
}

function describeReading(make: Make, it: TestFrame['it']): void {
  it('[DS11] what was flushed is found by its place in its log, before and after a crash, in the order of storing', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const archive = await archiveOf(storage)
    assertEqual((await headsIn(archive)).join(), '')
    const [a, b] = [new ChainedLog(1), new ChainedLog(2)]
    storage.append([a.next(), b.next(), a.next()])
    storage.append([new Uint8Array(3)])
    await storage.flush()
    storage.append([b.next(), a.next()])
    await storage.flush()
    const ranges = [
      { log: b.name, from: 1, to: 9 },
      { log: a.name, from: 2, to: 3 },
      { log: 'nobody', from: 1, to: 1 },
    ]
    await nowAndAfterCrash(subject, roomName, archive, async (each) => {
      assertEqual((await headsIn(each)).join(), 'log 1: 3,log 2: 2')
      assertEqual((await placesIn(each.read(ranges))).join(), '2/1/0,1/2/0,2/2/0,1/3/0')
      assertEqual(await each.facts(a.name, 4), null)
      assertEqual(await each.facts(a.name, 0), null)
      assertEqual((await each.facts(a.name, 2))?.timeMs, 1_002)
    })
  })

  it('[DS11] values are read without entries', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    storage.append(new ChainedLog(1).many(3))
    await storage.put('kept', 1)
    await storage.put('kept', 2)
    await storage.put('other', new Uint8Array([1]))
    assertEqual((await storage.records?.())?.get('kept'), 2)
    const again = await (await subject.reopen(roomName)).open(roomName)
    const records = await again.records?.()
    assertEqual([...(records?.keys() ?? [])].sort().join(), 'kept,other')
    assertEqual(records?.get('kept'), 2)
  })

  it('[DS11] after close nothing is read', async () => {
    const storage = await (await make()).storages.open(freshRoomName())
    const archive = await archiveOf(storage)
    storage.append(new ChainedLog(1).many(3))
    await storage.close()
    const reading = () => placesIn(archive.read([{ log: 'log 1', from: 1, to: 3 }]))
    for (const call of [reading, () => archive.facts('log 1', 1)])
      assert((await failureOf(call)) instanceof ParleyError, 'read from a closed storage')
  })
}

function describeBranches(make: Make, it: TestFrame['it']): void {
  it('[DS12] what was given up makes way for what is stored in its place, also after a crash', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const archive = await archiveOf(storage)
    const log = new ChainedLog(1)
    storage.append(log.many(6))
    await storage.flush()
    archive.giveUp(log.name, 4)
    assertEqual(
      (await placesIn(archive.read([{ log: log.name, from: 1, to: 9 }]))).join(),
      '1/1/0,1/2/0,1/3/0',
    )
    storage.append(log.branchAt(3).many(2, 7))
    await storage.flush()
    await nowAndAfterCrash(subject, roomName, archive, async (each) => {
      const places = await placesIn(each.read([{ log: log.name, from: 3, to: 9 }]))
      assertEqual(places.join(), '1/3/0,1/4/7,1/5/7')
      assertEqual((await headsIn(each)).join(), 'log 1: 5')
    })
  })

  it('[DS12] what is stored twice counts once, and what does not follow is left out', async () => {
    const subject = await make()
    const roomName = freshRoomName()
    const storage = await subject.storages.open(roomName)
    const archive = await archiveOf(storage)
    const log = new ChainedLog(1)
    const entries = log.many(8)
    storage.append(entries.slice(0, 5))
    await storage.flush()
    storage.append(entries.slice(2, 4))
    storage.append(entries.slice(1, 7))
    await storage.flush()
    // Behind a gap, and on a branch that nothing here leads to.
    storage.append([new ChainedLog(1).many(12).at(-1) as Uint8Array])
    storage.append([new ChainedLog(1).branchAt(0).many(8, 3).at(-1) as Uint8Array])
    await storage.flush()
    await nowAndAfterCrash(subject, roomName, archive, async (each) => {
      assertEqual((await headsIn(each)).join(), 'log 1: 7')
      const places = await placesIn(each.read([{ log: log.name, from: 1, to: 99 }]))
      assertEqual(places.join(), [1, 2, 3, 4, 5, 6, 7].map((seq) => `1/${seq}/0`).join())
    })
  })
}
