/** Rooms of very many logs, by honest years or by one hostile key: every head is told, asked for, and in bounded pieces. */
import {
  type DocName,
  type Frame,
  type HeadsFrame,
  type KeyId,
  keyIdOf,
  limits,
  logHashOf,
  logKeyOf,
  parseDocName,
  type Range,
  type SealedEntry,
  sessionIdOf,
} from '@parley/protocol'
import { testKey } from '@parley/protocol/testing'
import { describe, expect, it } from 'vitest'
import { AHEAD_LOGS_PER_AUTHOR, HEADS_REPLY_MS } from '../limits.ts'
import { AheadHeads } from './ahead-heads.ts'
import { HeadsTeller } from './heads-teller.ts'
import { Journal } from './journal.ts'
import { JournalSync } from './journal-sync.ts'

const ROSTER = parseDocName('roster') as DocName
const [MALLORY, ADA] = ['mallory', 'ada'].map((name) => keyIdOf(testKey(name).publicKey)) as [KeyId, KeyId]
const LINK = {}

function sessionOf(i: number) {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setUint32(0, i)
  return sessionIdOf(bytes)
}

/** Logs of one entry each, without signatures: nobody here looks at them. */
function addLogs(
  journal: Journal,
  author: KeyId,
  count: number,
  only: (hash: Uint8Array) => boolean = () => true,
) {
  for (let i = 0, made = 0; made < count; i++) {
    const session = sessionOf(i)
    const hash = logHashOf(ROSTER, author, session)
    if (!only(hash)) continue
    made++
    store(journal, { doc: ROSTER, author, session, log: logKeyOf(ROSTER, author, session) })
  }
  return journal
}

function store(journal: Journal, name: Pick<Range, 'doc' | 'author' | 'session' | 'log'>) {
  const log = journal.logFor(name)
  const entry = { ...name, seq: 1, timeMs: 1, bytes: new Uint8Array(1) } as unknown as SealedEntry
  journal.append(log, entry, log.hash)
  return log
}

interface Side {
  readonly journal: Journal
  readonly sync: JournalSync<object>
  readonly control: Frame[]
  /** Heads that wait for credit: the next is made when the one before has left. */
  readonly bulk: { readonly frame: HeadsFrame; readonly leave: () => void }[]
  readonly wants: Range[][]
}

function sideOf(journal: Journal, nowMs: () => number = () => 1e9): Side {
  const side: Omit<Side, 'sync'> = { journal, control: [], bulk: [], wants: [] }
  const sync = new JournalSync<object>({
    journal,
    nowMs,
    send: (_link, frame) => {
      if (frame.type === 'want') side.wants.push([...frame.ranges])
      else side.control.push(frame)
    },
    sendBulk: (_link, frame) => new Promise((leave) => void side.bulk.push({ frame, leave })),
    serve: () => undefined,
    mayWant: () => true,
  })
  sync.attach(LINK, false)
  return { ...side, sync }
}

/** Lets what waits leave, one frame at a time; returns all of it. */
async function allBulk({ bulk }: Side): Promise<HeadsFrame[]> {
  const frames: HeadsFrame[] = []
  for (let next = bulk.shift(); next; next = bulk.shift()) {
    expect(bulk.length, 'one frame waits at a time').toBe(0)
    frames.push(next.frame)
    next.leave()
    await new Promise((resolve) => setImmediate(resolve))
  }
  return frames
}

const ALL_DIFFER: Frame = {
  type: 'digest',
  root: new Uint8Array(32),
  buckets: Array.from({ length: 256 }, () => new Uint8Array(8)),
}

describe('heads of many logs', () => {
  it('[SY11] all of one bucket are told, however many', async () => {
    const count = 2 * limits.HEADS_COUNT + 1
    const heads = [...addLogs(new Journal(), MALLORY, count).logs()].map((log) => log.head)
    const frames: HeadsFrame[] = []
    const teller = new HeadsTeller({
      heads: { inBuckets: ([bucket]) => (bucket === 7 ? heads : []) },
      nowMs: () => 1e9,
      send: (frame) => Promise.resolve(void frames.push(frame)),
    })
    teller.ask(Uint8Array.of(7), true)
    await new Promise((resolve) => setImmediate(resolve))
    expect(frames.map((frame) => frame.heads.length)).toEqual([2000, 2000, 1])
    // Who names a bucket in a frame that is not full has told all of it: no other frame may look like that.
    expect(frames.map(({ buckets, answer }) => [answer, ...buckets])).toEqual([[true, 7], [false], [false]])
    expect(new Set(frames.flatMap((frame) => frame.heads.map(({ log }) => log))).size).toBe(count)
  })

  it('[SY11] of 50,000 logs go under credit, a frame at a time, and every log is wanted', async () => {
    const full = sideOf(addLogs(addLogs(new Journal(), MALLORY, 49_000), ADA, 1_000))
    const empty = sideOf(new Journal())
    full.sync.handle(LINK, ALL_DIFFER)
    const frames = await allBulk(full)
    expect(full.control).toEqual([])
    for (const frame of frames) empty.sync.handle(LINK, frame)
    for (let rounds = 0; empty.journal.entryCount < 50_000 && rounds < 200; rounds++) {
      const ranges = empty.wants.splice(0).flat()
      expect(ranges.length).toBeLessThanOrEqual(limits.HEADS_COUNT)
      for (const range of ranges) empty.sync.advanced(store(empty.journal, range))
      if (ranges.length > 0) continue
      // What there was no room to remember is told again.
      for (const frame of frames) empty.sync.handle(LINK, frame)
    }
    expect(empty.journal.heads.root()).toEqual(full.journal.heads.root())
  }, 60_000)

  it('[SY11] one key’s logs keep nobody else’s waiting', () => {
    const heads = (author: KeyId, count: number) =>
      [...addLogs(new Journal(), author, count).logs()].map((log) => log.head)
    const side = sideOf(new Journal())
    const hostile = heads(MALLORY, 6_000)
    for (const at of [0, 2_000, 4_000]) {
      const part = [...hostile.slice(at, at + 1_990), ...(at === 4_000 ? heads(ADA, 10) : [])]
      side.sync.handle(LINK, { type: 'heads', answer: false, buckets: new Uint8Array(), heads: part })
    }
    const before = side.wants.splice(0).flat()
    expect(before.length).toBe(limits.HEADS_COUNT)
    for (const range of before) side.sync.advanced(store(side.journal, range))
    const [next = []] = side.wants
    expect(next.slice(0, 25).filter(({ author }) => author === ADA).length).toBe(10)
  })

  it('[SY11] of one author a neighbour may be ahead in so many logs, and still in others of other authors', () => {
    const ahead = new AheadHeads()
    const logs = [...addLogs(new Journal(), MALLORY, AHEAD_LOGS_PER_AUTHOR + 50).logs()]
    for (const log of logs) ahead.add(log.head)
    expect(ahead.size).toBe(AHEAD_LOGS_PER_AUTHOR)
    const [own] = [...addLogs(new Journal(), ADA, 1).logs()]
    if (own) ahead.add(own.head)
    expect(ahead.size).toBe(AHEAD_LOGS_PER_AUTHOR + 1)
    expect([...ahead.inTurn()].slice(0, 2).map(({ author }) => author)).toEqual([MALLORY, ADA])
  }, 60_000)

  it('[SY4] [F37] a storm of HEADS and DIGESTs gets each bucket once a second', async () => {
    let nowMs = 1e9
    const side = sideOf(
      addLogs(new Journal(), ADA, 3, (hash) => hash[0] === 7),
      () => nowMs,
    )
    const storm = async () => {
      for (let i = 0; i < 1_000; i++) {
        side.sync.handle(LINK, { type: 'heads', answer: true, buckets: Uint8Array.of(7, 7), heads: [] })
        side.sync.handle(LINK, ALL_DIFFER)
      }
      return allBulk(side)
    }
    const told = (frames: HeadsFrame[]) =>
      frames.flatMap(({ buckets }) => [...buckets]).filter((bucket) => bucket === 7).length
    expect(told(await storm())).toBe(1)
    nowMs += HEADS_REPLY_MS - 1
    expect(told(await storm())).toBe(0)
    nowMs += 1
    expect(told(await storm())).toBe(1)
  })
})
