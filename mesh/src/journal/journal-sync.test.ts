import { type Frame, type Head, parseDocName, type Range } from '@parley/protocol'
import type { TestMember } from '@parley/protocol/testing'
import { beforeAll, describe, expect, it } from 'vitest'
import { HEADS_REPLY_MS, WANT_TIMEOUT_MS } from '../limits.ts'
import { SealedRoom, type WrittenEntry } from '../testing/sealed-room.ts'
import { Journal } from './journal.ts'
import { JournalSync } from './journal-sync.ts'

interface Link {
  readonly name: string
}

const house = new SealedRoom('sync')
let ada: TestMember
let logs: WrittenEntry[][]

beforeAll(async () => {
  ada = await house.room.device('owner', 'ada')
  logs = []
  for (let session = 1; session <= 40; session++) logs.push(await house.writeLog(ada, 3, { session }))
})

/** One copy's sync; what it sends and serves is written down. */
function makeSync(held: readonly WrittenEntry[] = [], mayWant: (head: Head) => boolean = () => true) {
  const journal = new Journal()
  house.store(held, journal)
  const clock = { nowMs: 1_000_000 }
  const sent: { link: Link; frame: Frame }[] = []
  const served: { link: Link; ranges: readonly Range[] }[] = []
  const sync = new JournalSync<Link>({
    journal,
    nowMs: () => clock.nowMs,
    send: (link, frame) => void sent.push({ link, frame }),
    sendBulk: (link, frame) => {
      sent.push({ link, frame })
      return Promise.resolve()
    },
    serve: (link, ranges) => void served.push({ link, ranges }),
    mayWant,
  })
  /** Takes what has been sent since. */
  const take = () => sent.splice(0).map(({ frame }) => frame)
  const wantsOf = (link: Link) =>
    sent.flatMap((one) => (one.link === link && one.frame.type === 'want' ? one.frame.ranges : []))
  const receive = (entries: readonly WrittenEntry[]) => {
    for (const { entry, hash } of entries) {
      const log = journal.logFor(entry)
      journal.append(log, entry, hash)
      sync.advanced(log)
    }
  }
  return { journal, clock, sync, sent, served, take, wantsOf, receive }
}

const [ONE, TWO] = [{ name: 'one' }, { name: 'two' }] as const
const headOf = (written: readonly WrittenEntry[]): Head => {
  const { entry, hash } = written.at(-1) as WrittenEntry
  const { doc, author, session, log, seq } = entry
  return { doc, author, session, log, seq, hash }
}

describe('two journals', () => {
  it('[SY2] that differ: root, bucket hashes, heads of the differing buckets both ways, wants of what is missing', () => {
    const common = logs.slice(0, 10).flat()
    const a = makeSync([...common, ...(logs[10] as WrittenEntry[])])
    const b = makeSync([...common, ...(logs[11] as WrittenEntry[]).slice(0, 2)])
    a.sync.attach(ONE, true)
    b.sync.attach(ONE, false)
    const conversation: string[] = []
    for (let turn = 0; turn < 10 && a.sent.length + b.sent.length > 0; turn++) {
      const [from, to] = a.sent.length > 0 ? [a, b] : [b, a]
      for (const frame of from.take()) {
        const detail = frame.type === 'digest' ? (frame.buckets ? ' of buckets' : '') : ''
        conversation.push(`${from === a ? 'a' : 'b'}: ${frame.type}${detail}`)
        if (frame.type === 'heads') expect(frame.heads.length).toBeLessThan(4)
        to.sync.handle(ONE, frame)
      }
    }
    expect(conversation.slice(0, 3)).toEqual(['a: digest', 'b: digest of buckets', 'a: heads'])
    expect(conversation).toContain('b: heads')
    const name = ({ log, from, to }: Range) => ({ log, from, to })
    expect(a.served.flatMap(({ ranges }) => ranges.map(name))).toEqual([
      { log: headOf(logs[10] as WrittenEntry[]).log, from: 1, to: 3 },
    ])
    expect(b.served.flatMap(({ ranges }) => ranges.map(name))).toEqual([
      { log: headOf(logs[11] as WrittenEntry[]).log, from: 1, to: 2 },
    ])
  })

  it('[SY2] that are equal say no more than their root', () => {
    const [a, b] = [makeSync(logs.flat()), makeSync(logs.toReversed().flat())]
    a.sync.attach(ONE, true)
    b.sync.attach(ONE, false)
    for (const frame of a.take()) b.sync.handle(ONE, frame)
    expect(b.sent).toEqual([])
  })
})

describe('wants', () => {
  const log = () => logs[0] as WrittenEntry[]

  it('[SY3] a range is wanted from one link at a time, and elsewhere after 5 s without it', () => {
    const { sync, clock, sent, wantsOf } = makeSync()
    for (const link of [ONE, TWO]) sync.attach(link, false)
    for (const link of [ONE, TWO]) sync.handle(link, { type: 'ihave', heads: [headOf(log())] })
    expect([wantsOf(ONE).length, wantsOf(TWO).length]).toEqual([1, 0])
    const name = { log: headOf(log()).log }
    expect([0, 1, 3, 4].map((seq) => sync.isWanted(ONE, { ...name, seq }))).toEqual([
      false,
      true,
      true,
      false,
    ])
    clock.nowMs += WANT_TIMEOUT_MS - 1
    sync.expireWants()
    expect(wantsOf(TWO)).toEqual([])
    clock.nowMs++
    sync.expireWants()
    expect(wantsOf(TWO)).toMatchObject([{ from: 1, to: 3 }])
    expect([sent.length, WANT_TIMEOUT_MS]).toEqual([2, 5000])
  })

  it('[SY3] each entry that comes gives the rest more time', () => {
    const { sync, clock, wantsOf, receive } = makeSync()
    for (const link of [ONE, TWO]) {
      sync.attach(link, false)
      sync.handle(link, { type: 'ihave', heads: [headOf(log())] })
    }
    for (const one of log().slice(0, 2)) {
      clock.nowMs += WANT_TIMEOUT_MS - 1
      receive([one])
      sync.expireWants()
    }
    expect(wantsOf(TWO)).toEqual([])
    expect(sync.wantedCount).toBe(1)
    receive(log().slice(2))
    expect([sync.isCaughtUp, sync.wantedCount]).toEqual([true, 0])
  })

  it('[SY3] go elsewhere at once when their link is gone', () => {
    const { sync, wantsOf } = makeSync()
    for (const link of [ONE, TWO]) {
      sync.attach(link, false)
      sync.handle(link, { type: 'ihave', heads: [headOf(log())] })
    }
    sync.detach(ONE)
    expect(wantsOf(TWO)).toMatchObject([{ from: 1, to: 3 }])
  })

  it('[SY5] nothing is wanted of a log that its author may not write', () => {
    const meta = parseDocName('meta')
    const { sync, sent } = makeSync([], ({ doc }) => doc !== meta)
    sync.attach(ONE, false)
    const head = { ...headOf(log()), doc: meta as Head['doc'] }
    sync.handle(ONE, { type: 'ihave', heads: [head] })
    sync.handle(ONE, { type: 'heads', answer: false, buckets: new Uint8Array(), heads: [head] })
    expect(sent).toEqual([])
  })

  it('[SY6] an entry after a gap makes what is before it wanted', () => {
    const { sync, wantsOf, receive } = makeSync()
    sync.attach(ONE, false)
    receive(log().slice(0, 1))
    const { entry, hash } = log()[2] as WrittenEntry
    sync.missing(ONE, entry, hash)
    expect(wantsOf(ONE)).toMatchObject([{ log: entry.log, from: 2, to: 3 }])
  })

  it('[SY4] a storm of DIGESTs is answered once a second on each link', () => {
    const { sync, clock, sent } = makeSync(log())
    for (const link of [ONE, TWO]) sync.attach(link, false)
    const digest: Frame = { type: 'digest', root: new Uint8Array(32), buckets: null }
    for (let i = 0; i < 1000; i++) sync.handle(ONE, digest)
    expect(sent.length).toBe(1)
    sync.handle(TWO, digest)
    expect(sent.length).toBe(2)
    clock.nowMs += HEADS_REPLY_MS
    for (let i = 0; i < 1000; i++) sync.handle(ONE, digest)
    expect([sent.length, HEADS_REPLY_MS]).toEqual([3, 1000])
  })
})

describe('a WANT', () => {
  it('[SY4] serves a range once, however often it is named', () => {
    const written = logs[0] as WrittenEntry[]
    const { sync, served } = makeSync(written)
    sync.attach(ONE, false)
    const { doc, author, session, log } = headOf(written)
    const range = { doc, author, session, log, from: 1, to: 3 }
    sync.handle(ONE, { type: 'want', ranges: [range, range, range] })
    expect(served).toEqual([{ link: ONE, ranges: [range] }])
  })
})
