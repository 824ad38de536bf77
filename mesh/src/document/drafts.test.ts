import type { KeyId } from '@parley/protocol'
import { sessionIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { ParleyError } from '../errors.ts'
import { DRAFT_KEPT_MS, DRAFTS_WAITING } from '../limits.ts'
import { StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { Drafts } from './drafts.ts'

const BEN = 1001
const CLEO = 1002

/** Somebody who writes elsewhere: each act is one update of theirs. */
class Author {
  readonly doc = new Y.Doc()
  readonly log: StoredLog
  readonly key: KeyId

  constructor(rank: number, clientId: number) {
    this.doc.clientID = clientId
    this.log = new StoredLog(rank, clientId)
    this.key = this.log.author as KeyId
  }

  get text(): Y.Text {
    return this.doc.getText('text')
  }

  act(change: (text: Y.Text) => void): Uint8Array {
    const before = Y.encodeStateVector(this.doc)
    const updates: Uint8Array[] = []
    const listen = (update: Uint8Array): void => void updates.push(update)
    this.doc.on('update', listen)
    this.doc.transact(() => change(this.text))
    this.doc.off('update', listen)
    return updates[0] ?? Y.encodeStateAsUpdate(this.doc, before)
  }

  type(text: string): Uint8Array {
    return this.act((into) => into.insert(into.length, text))
  }

  reads(update: Uint8Array): void {
    const { clientID } = this.doc
    Y.applyUpdate(this.doc, update)
    this.doc.clientID = clientID
  }
}

/** A document of ours with the logs of two others, none of which has begun. */
function meeting({ writable = false } = {}) {
  const [ben, cleo] = [new Author(1, BEN), new Author(2, CLEO)]
  const clock = new VirtualClock()
  const own = new StoredLog(3, 2 ** 50, 'me')
  const logs: StoredLog[] = []
  const told: string[] = []
  let sessions = 0
  const document = new StoredDocument(logs, {
    clock: {
      nowMs: () => clock.nowMs(),
      after: (ms, call) => clock.after(ms, call),
      yieldToHost: () => Promise.resolve(),
    },
    writable,
    newSession: () => ({ id: sessionIdOf(new Uint8Array(8)), clientId: 2 ** 50 + sessions++ }),
    write: async (_session, update) => {
      if (!logs.includes(own)) logs.push(own)
      own.append(update)
      return own
    },
    drafts: {
      write: () => false,
      broken: (log) => void told.push(`broken ${log.clientId}`),
      late: (authors) => void told.push(`late ${[...authors].join()}`),
    },
  })
  const show = (author: Author, update: Uint8Array) =>
    document.sync.handleDraft(
      author.log.clientId,
      author.key,
      logs.includes(author.log) ? author.log : undefined,
      update,
    )
  const store = (author: Author, update: Uint8Array) => {
    if (!logs.includes(author.log)) logs.push(author.log)
    author.log.append(update)
    document.stored(author.log)
  }
  const text = () => document.doc.getText('text').toString()
  return { ben, cleo, own, clock, document, told, show, store, text }
}

/** The document is what its entries say. */
async function expectFold(document: StoredDocument, logs: readonly StoredLog[]): Promise<void> {
  const fresh = new StoredDocument(logs)
  expect(await document.reading()).toBe(await fresh.reading())
}

describe('drafts', () => {
  it('[DR2] [DR4] are shown at once, and the entry that says the same changes nothing', async () => {
    const { ben, document, show, store, text } = meeting()
    await document.sync.whenLoaded
    const [first, second] = [ben.type('a'), ben.type('b')]
    show(ben, first)
    show(ben, second)
    expect(text()).toBe('ab')
    expect(document.sync.isIdle).toBe(false)
    let changes = 0
    document.doc.on('update', () => changes++)
    store(ben, first)
    store(ben, second)
    await document.sync.settle()
    expect([text(), changes, document.replacedCount]).toEqual(['ab', 0, 0])
    await expectFold(document, [ben.log])
  })

  it('[DR4] that one entry says together, with what was not drafted, are kept', async () => {
    const { ben, document, show, store, text, told } = meeting()
    await document.sync.whenLoaded
    const acts = [ben.type('ab'), ben.act((t) => t.delete(0, 1)), ben.type('c'), ben.type('d')]
    show(ben, acts[0] as Uint8Array)
    show(ben, acts[2] as Uint8Array)
    expect(text()).toBe('abc')
    store(ben, Y.mergeUpdates(acts))
    await document.sync.settle()
    expect([text(), document.replacedCount, told]).toEqual(['bcd', 0, []])
    await expectFold(document, [ben.log])
  })

  it('[DR2] are left out when they are not what comes next, are too much, or delete alone', async () => {
    const { ben, cleo, document, show, store, text } = meeting()
    await document.sync.whenLoaded
    const [first, second] = [ben.type('a'), ben.type('b')]
    show(ben, second)
    cleo.reads(first)
    show(cleo, cleo.type('on a'))
    expect(text()).toBe('')
    store(ben, first)
    show(ben, first)
    show(
      ben,
      ben.act((t) => t.delete(0, 1)),
    )
    for (let i = 0; i < 9; i++) ben.text.insert(0, 'x')
    await document.sync.settle()
    expect(text()).toBe('a')
    show(ben, Uint8Array.of(1, 2, 3))
    show(ben, typedBy(CLEO))
    expect([text(), document.sync.isIdle]).toEqual(['a', true])
  })

  it('[DR2] of one document wait in bounded number', async () => {
    const { ben, document, show, text } = meeting()
    await document.sync.whenLoaded
    for (let i = 0; i < DRAFTS_WAITING + 10; i++) show(ben, ben.type('x'))
    expect(text()).toHaveLength(DRAFTS_WAITING)
  })

  it('[DR3] nothing is judged by them: what builds on one waits for its entry', async () => {
    const { ben, cleo, document, show, store, text } = meeting()
    await document.sync.whenLoaded
    const shown = ben.type('shown')
    show(ben, shown)
    cleo.reads(shown)
    store(cleo, cleo.type(' more'))
    expect(text()).toBe('shown')
    expect(document.sync.missingClients).toEqual([BEN])
    store(ben, shown)
    await document.sync.settle()
    expect(text()).toBe('shown more')
    await expectFold(document, [ben.log, cleo.log])
  })

  it('[DR3] own writing on one becomes an entry after its entry, other writing at once', async () => {
    const { ben, own, document, show, store, text } = meeting({ writable: true })
    await document.sync.whenLoaded
    document.doc.getText('other').insert(0, 'mine')
    await document.sync.flush()
    const shown = ben.type('shown')
    show(ben, shown)
    document.doc.getText('other').insert(0, 'still ')
    await document.sync.flush()
    expect(own.seq).toBe(2)
    document.doc.getText('text').insert(5, '!')
    await turns()
    expect([own.seq, document.sync.isSealed]).toEqual([2, false])
    store(ben, shown)
    await document.sync.settle()
    expect([own.seq, text(), document.replacedCount]).toEqual([3, 'shown!', 0])
    await expectFold(document, [ben.log, own])
  })

  it('[DR4] an entry that says something else puts the document back, and its author is told of', async () => {
    const { ben, document, show, store, text, told } = meeting()
    await document.sync.whenLoaded
    show(ben, ben.type('shown'))
    const other = new Author(1, BEN)
    store(ben, other.type('signed'))
    await document.sync.settle()
    expect([text(), told, document.replacedCount]).toEqual(['signed', [`broken ${BEN}`], 1])
    await expectFold(document, [ben.log])
  })

  it('[DR4] [DR5] deletions that were shown and not signed are put back too', async () => {
    const { ben, document, show, store, text, told } = meeting()
    await document.sync.whenLoaded
    store(ben, ben.type('keep'))
    await document.sync.settle()
    const copy = new Author(1, BEN)
    copy.reads(Y.encodeStateAsUpdate(ben.doc))
    show(
      ben,
      copy.act((t) => {
        t.delete(0, 4)
        t.insert(0, 'x')
      }),
    )
    expect(text()).toBe('x')
    const alone = new Author(1, BEN)
    alone.reads(Y.encodeStateAsUpdate(ben.doc))
    store(
      ben,
      alone.act((t) => t.insert(0, 'x')),
    )
    await document.sync.settle()
    expect([text(), told]).toEqual(['xkeep', [`broken ${BEN}`]])
  })

  it('[DR5] without an entry in 5 s are taken back, and what was written on them is handed back', async () => {
    const { ben, cleo, own, clock, document, show, store, text, told } = meeting({ writable: true })
    await document.sync.whenLoaded
    store(cleo, cleo.type('stays '))
    await document.sync.settle()
    ben.reads(Y.encodeStateAsUpdate(cleo.doc))
    show(ben, ben.type('never signed'))
    document.doc.getText('text').insert(18, ' mine')
    expect(text()).toBe('stays never signed mine')
    await clock.runFor(DRAFT_KEPT_MS - 1)
    expect(document.replacedCount).toBe(0)
    await clock.runFor(1)
    await document.sync.settle()
    expect([text(), told, own.seq, document.replacedCount]).toEqual(['stays ', [`late ${ben.key}`], 0, 1])
    const kept = document.errors.flatMap((error) => (error as ParleyError).kept ?? [])
    expect(kept).toHaveLength(1)
  })

  it('[DR5] one after another, none of which is late, go on for longer than one may wait', async () => {
    const { ben, cleo, clock, document, show, store, text, told } = meeting()
    await document.sync.whenLoaded
    let [late, last] = [ben.type('b'), cleo.type('c')]
    show(ben, late)
    for (let ms = 0; ms < 3 * DRAFT_KEPT_MS; ms += 2_000) {
      show(cleo, last)
      await clock.runFor(1_000)
      store(ben, late)
      await turns()
      late = ben.type('b')
      show(ben, late)
      await clock.runFor(1_000)
      store(cleo, last)
      last = cleo.type('c')
    }
    expect([told, document.replacedCount, text().length]).toEqual([[], 0, 17])
  })

  it('[DR5] of a log that is cut are taken back', async () => {
    const { ben, document, show, store, text } = meeting()
    await document.sync.whenLoaded
    store(ben, ben.type('before '))
    await document.sync.settle()
    show(ben, ben.type('shown'))
    document.cut(ben.log, 1)
    await document.sync.settle()
    expect([text(), document.replacedCount]).toEqual(['before ', 1])
  })

  it('[DR3] honest ones, some of which are left out, never replace a document or part its readers', async () => {
    for (let seed = 1; seed <= 40; seed++) await honestRun(seed)
  }, 60_000)
})

describe('what an entry says about drafts', () => {
  it('[DR4] is broken when it ends within one', () => {
    const [drafts, ben] = [new Drafts(), new Author(1, BEN)]
    const update = ben.type('long')
    drafts.add(BEN, ben.key, { update, from: 0, to: 4, shownAtMs: 0 })
    expect(drafts.clockOf(BEN)).toBe(0)
    expect(drafts.take(BEN, new Author(1, BEN).type('lo'))).toBe('broken')
  })

  it('[DR4] is nothing when it deletes alone', () => {
    const [drafts, ben] = [new Drafts(), new Author(1, BEN)]
    const first = ben.type('ab')
    const deletion = ben.act((t) => t.delete(0, 1))
    drafts.add(BEN, ben.key, { update: ben.type('c'), from: 2, to: 3, shownAtMs: 0 })
    expect(first.length).toBeGreaterThan(0)
    expect(drafts.take(BEN, deletion)).toBe('none')
    expect(drafts.isEmpty).toBe(false)
  })
})

function typedBy(clientId: number): Uint8Array {
  return new Author(1, clientId).type('foreign')
}

async function turns(): Promise<void> {
  for (let i = 0; i < 20; i++) await Promise.resolve()
}

function random(seed: number): () => number {
  let state = seed * 2654435761
  return () => {
    state = (Math.imul(state ^ (state >>> 15), 2246822519) + 0x9e3779b9) >>> 0
    return state / 2 ** 32
  }
}

/** Three type into one text, over what they see; drafts are lost here and there, entries are merged and come late. */
async function honestRun(seed: number): Promise<void> {
  const chance = random(seed)
  const { ben, cleo, document, show, store, told } = meeting()
  await document.sync.whenLoaded
  const unsaid = new Map<Author, Uint8Array[]>([
    [ben, []],
    [cleo, []],
  ])
  const say = (author: Author): void => {
    const parts = unsaid.get(author) ?? []
    if (parts.length === 0) return
    const entry = parts.length === 1 ? parts[0] : Y.mergeUpdates(parts.splice(0))
    parts.length = 0
    store(author, entry as Uint8Array)
    for (const other of [ben, cleo]) if (other !== author) other.reads(entry as Uint8Array)
  }
  for (let step = 0; step < 120; step++) {
    const author = chance() < 0.5 ? ben : cleo
    const { length } = author.text
    const at = Math.floor(chance() * (length + 1))
    const isDeletion = length > 4 && chance() < 0.3
    const update = author.act((text) => {
      if (isDeletion) text.delete(Math.min(at, length - 1), 1)
      if (!isDeletion || chance() < 0.2)
        text.insert(Math.min(at, text.length), 'abc'.slice(0, 1 + Math.floor(chance() * 3)))
    })
    unsaid.get(author)?.push(update)
    if (chance() < 0.8) show(author, update)
    if (chance() < 0.4) say(author)
    if (chance() < 0.3) await turns()
  }
  for (const author of [ben, cleo]) say(author)
  await document.sync.settle()
  expect([told, document.replacedCount, document.refused, document.errors], `seed ${seed}`).toEqual([
    [],
    0,
    [],
    [],
  ])
  await expectFold(document, [ben.log, cleo.log])
  expect(document.doc.getText('text').toString()).toBe(ben.text.toString())
}
