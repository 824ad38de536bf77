import type { Range } from '@parley/protocol'
import { beforeEach, describe, expect, it } from 'vitest'
import { archivedStorage } from '../archived-storage.ts'
import type { EntryArchive, Storage } from '../ports.ts'
import { describeBy } from '../room-restore.ts'
import { MemoryStorages } from '../testing/memory-storage.ts'
import { SealedRoom, type WrittenEntry } from '../testing/sealed-room.ts'
import type { AuthorLog } from './author-log.ts'
import { DeepEntries } from './deep-entries.ts'
import { Journal } from './journal.ts'

const COUNT = 8
let house: SealedRoom
let storage: Storage
let archive: EntryArchive
let journal: Journal
let deep: DeepEntries
let written: WrittenEntry[]
let log: AuthorLog
let recalled: number
let asked: number
let failures: unknown[]

async function save(entries: readonly WrittenEntry[]): Promise<void> {
  storage.append(entries.map(({ entry }) => entry.bytes))
  await storage.flush()
}

beforeEach(async () => {
  house = new SealedRoom('deep')
  const archived = archivedStorage(await new MemoryStorages().open('room'))
  storage = archived
  archive = await archived.archive(describeBy(house.seal))
  recalled = 0
  asked = 0
  failures = []
  const counting: EntryArchive = {
    logs: () => archive.logs(),
    read: (ranges) => archive.read(ranges),
    giveUp: (...place) => archive.giveUp(...place),
    facts: (...place) => {
      asked++
      return archive.facts(...place)
    },
  }
  deep = new DeepEntries(counting, { recalled: () => recalled++, failed: (error) => failures.push(error) })
  journal = new Journal()
  journal.lieIn(deep)
  written = await house.writeLog(await house.room.device('editor', 'ada'), COUNT)
  house.store(written, journal)
  log = [...journal.logs()][0] as AuthorLog
})

const at = (seq: number): WrittenEntry => written[seq - 1] as WrittenEntry
const verdictOf = ({ entry, hash }: WrittenEntry): string => log.judge(entry, hash).verdict
const rangeOf = (from: number, to: number): Range => ({ ...at(1).entry, from, to })

async function bytesIn(from: number, to: number): Promise<Uint8Array[]> {
  const found: Uint8Array[] = []
  for await (const bytes of journal.entriesIn([rangeOf(from, to)])) found.push(bytes.slice())
  return found
}

const bytesOf = (entries: readonly WrittenEntry[]) => entries.map(({ entry }) => entry.bytes)

describe('[DS11] what is durable', () => {
  it('leaves memory: heads, sizes and the next entry are as before, and bytes come from storage', async () => {
    const { head, byteCount, stored, lastTimeMs } = log
    await save(written.slice(0, 5))
    log.sink(5)
    expect([log.deepCount, log.record(5), log.record(6)?.seq]).toEqual([5, undefined, 6])
    expect(log).toMatchObject({ head, byteCount, stored, lastTimeMs })
    expect(await bytesIn(1, COUNT)).toEqual(bytesOf(written))
    expect(await bytesIn(4, 6)).toEqual(bytesOf(written.slice(3, 6)))
    await save(written.slice(5))
    log.sink(100)
    expect([log.deepCount, log.record(COUNT)]).toEqual([COUNT, undefined])
    expect(log).toMatchObject({ head, byteCount, stored, lastTimeMs })
    expect(await bytesIn(1, 99)).toEqual(bytesOf(written))
    const [author] = written.map(({ entry }) => entry.author)
    const next = await house.write(await house.room.device('editor', 'ada'), 'next', {
      seq: COUNT + 1,
      prev: at(COUNT).hash,
    })
    expect(next.entry.author).toBe(author)
    expect(verdictOf(next)).toBe('next')
    expect(asked).toBe(0)
  })

  it('stays what others are judged by, once storage has said what it is', async () => {
    await save(written)
    log.sink(100)
    const other = await house.write(await house.room.device('editor', 'ada'), 'other', {
      seq: 3,
      prev: at(2).hash,
    })
    await log.recall(3)
    expect([verdictOf(other), verdictOf(at(3))]).toEqual(['fork', 'known'])
    expect(log.recall(3)).toBeNull()
    expect([asked, recalled]).toEqual([1, 1])
  })

  it('is told of at the cut', async () => {
    await save(written)
    log.sink(100)
    log.cut = 4
    expect(log.head.seq).toBe(0)
    await deep.settled()
    expect(log.head).toMatchObject({ seq: 4, hash: at(4).hash })
    expect(log.standing).toBe(4)
  })

  it('that lost makes way: what was before it is the head, and what follows from that is next', async () => {
    await save(written)
    log.sink(100)
    const { byteCount } = log
    const other = await house.write(await house.room.device('editor', 'ada'), 'other', {
      seq: 5,
      prev: at(4).hash,
    })
    const before = log.recall(5)
    expect(log.lose(5)).toBe(true)
    // Wanted again in a moment.
    expect(verdictOf(other)).toBe('gap')
    await deep.settled()
    expect(log).toMatchObject({ stored: 4, headHash: at(4).hash, lastTimeMs: at(4).entry.timeMs })
    expect(verdictOf(other)).toBe('next')
    expect(Math.abs(log.byteCount - byteCount / 2)).toBeLessThan(byteCount / 20)
    journal.append(log, other.entry, other.hash)
    expect(await bytesIn(4, 9)).toEqual(bytesOf([at(4), other]))
    // What was asked for before says nothing of what is there now.
    await save([other])
    log.sink(100)
    await before
    const next = await house.write(await house.room.device('editor', 'ada'), 'next', {
      seq: 6,
      prev: other.hash,
    })
    journal.append(log, next.entry, next.hash)
    await save([next])
    log.sink(200)
    await log.recall(5)
    expect([verdictOf(other), verdictOf(at(5))]).toEqual(['known', 'fork'])
  })

  it('that storage cannot read is told of, and nothing is taken for it', async () => {
    await save(written)
    log.sink(100)
    await storage.close()
    await log.recall(3)
    expect(failures).toHaveLength(1)
    expect(verdictOf(at(3))).toBe('known')
    await expect(bytesIn(1, 2)).rejects.toMatchObject({ kind: 'closed' })
    expect(recalled).toBe(0)
  })
})
