import { limits, sessionIdOf } from '@parley/protocol'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { ParleyError } from '../errors.ts'
import { OWN_DEPTH, TYPE_DEPTH, UPDATE_ROOTS, UPDATE_STRUCTS, VALUE_DEPTH } from '../limits.ts'
import { StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import { VirtualClock } from '../testing/virtual-clock.ts'
import { LocalWriter } from './local-writer.ts'
import { ownFault } from './update-bytes.ts'

/** A document that writes into logs which a test can look at. */
class WritingDocument {
  readonly logs: StoredLog[] = []
  readonly document: StoredDocument
  #sessions = 0

  constructor(restrictedAuthor?: string) {
    this.document = new StoredDocument(this.logs, {
      writable: true,
      ...(restrictedAuthor === undefined ? {} : { restrictedAuthor }),
      newSession: () => ({ id: sessionIdOf(new Uint8Array(8)), clientId: 2 ** 50 + this.#sessions++ }),
      write: async (session, update) => {
        let log = this.logs.find(({ clientId }) => clientId === session.clientId)
        if (!log) {
          log = new StoredLog(this.logs.length, session.clientId, 'me', restrictedAuthor !== undefined)
          this.logs.push(log)
        }
        log.append(update)
        return log
      },
    })
  }

  get doc(): Y.Doc {
    return this.document.doc
  }

  get errors(): ParleyError[] {
    return this.document.errors.filter((error) => error instanceof ParleyError)
  }

  /** Every entry of every log passes the byte rules, and a newcomer reads the same. */
  async expectTaken(): Promise<void> {
    const reading = await this.document.reading()
    for (const log of this.logs)
      for (const update of log.open(1, log.seq)) expect(ownFault(update, log.clientId)).toBeNull()
    const newcomer = new StoredDocument(this.logs)
    expect(await newcomer.reading()).toBe(reading)
    expect(newcomer.refused).toEqual([])
  }
}

function nested(depth: number): unknown {
  return depth === 0 ? 1 : [nested(depth - 1)]
}

describe('what everybody would refuse', () => {
  const acts: [string, (doc: Y.Doc) => void][] = [
    ['too-deep', (doc) => doc.getMap('map').set('deep', nested(VALUE_DEPTH + 1))],
    ['bad-key', (doc) => doc.getMap('map').set('__proto__', 1)],
    ['bad-key', (doc) => doc.getMap('map').set('k'.repeat(300), 1)],
    ['subdocument', (doc) => doc.getMap('map').set('doc', new Y.Doc())],
  ]
  for (const [fault, act] of acts)
    it(`${fault}: the document is put back, the change is kept for its writer, and writing goes on`, async () => {
      const { document, ...rest } = new WritingDocument()
      const writing = Object.assign(rest, { document })
      const before = document.doc
      before.getText('text').insert(0, 'before')
      act(before)
      before.getText('text').insert(0, 'lost ')
      await document.sync.settle()
      expect(document.replacedCount).toBe(1)
      expect(document.doc.getText('text').toString()).toBe('before')
      expect(document.errors).toMatchObject([{ kind: 'not-allowed' }, { kind: 'not-allowed' }])
      const [first, second] = document.errors as ParleyError[]
      expect(first?.message).toContain(fault)
      expect(first?.kept).toBeInstanceOf(Uint8Array)
      expect(second?.kept).toHaveLength(1)
      document.doc.getText('text').insert(6, ' and after')
      await document.sync.settle()
      expect(writing.logs.length).toBe(2)
      expect(document.doc.getText('text').toString()).toBe('before and after')
    })

  it('too much for one update, but not for several, is written as several', async () => {
    const writing = new WritingDocument()
    writing.doc.transact(() => {
      for (let i = 0; i <= UPDATE_ROOTS; i++) writing.doc.getText(`root ${i}`).insert(0, 'x')
    })
    writing.doc.transact(() => {
      let parent = writing.doc.getArray<unknown>('list')
      for (let depth = 0; depth <= TYPE_DEPTH; depth++) {
        const child = new Y.Array<unknown>()
        parent.insert(0, [child])
        parent = child
      }
    })
    const text = writing.doc.getText('many')
    writing.doc.transact(() => {
      for (let i = 0; i <= UPDATE_STRUCTS; i++) text.insert(0, 'i')
    })
    await writing.expectTaken()
    expect(writing.errors).toEqual([])
    expect(writing.logs[0]?.seq).toBeGreaterThan(5)
  })

  it('[GT2] nesting deeper and deeper, step by step: put back well before others would refuse it', async () => {
    const writing = new WritingDocument()
    let list = writing.doc.getArray<unknown>('list')
    for (let depth = 0; depth < OWN_DEPTH; depth++) {
      const inner = new Y.Array<unknown>()
      list.insert(0, [inner])
      list = inner
    }
    await writing.expectTaken()
    expect(writing.errors).toEqual([])
    list.insert(0, [new Y.Array<unknown>()])
    await writing.expectTaken()
    expect(writing.errors).toMatchObject([
      { kind: 'not-allowed', message: expect.stringContaining('too-deep') },
    ])
    writing.doc.getArray('list').delete(0, 1)
    await writing.expectTaken()
    expect(writing.doc.getArray('list').length).toBe(0)
  })

  it('of a value that is too large, and of what was written on top of it, the writer is told', async () => {
    const writing = new WritingDocument()
    const { doc } = writing
    doc.getMap('map').set('small', 1)
    const value = new Uint8Array(limits.UPDATE_CUT_BYTES + 1)
    doc.getMap('map').set('large', value)
    doc.getMap('map').set('later', 2)
    await writing.expectTaken()
    expect(writing.doc.getMap('map').toJSON()).toEqual({ small: 1 })
    expect(writing.errors.map(({ kind }) => kind)).toEqual(['value-too-large', 'not-allowed'])
    expect(writing.errors[0]?.kept).toEqual(value)
  })

  it("[F19] a commenter's deletion of somebody else's work is put back", async () => {
    const writing = new WritingDocument('me')
    const anna = new StoredLog(9, 7, 'Anna')
    const theirs = new Y.Doc()
    theirs.clientID = 7
    theirs.getArray('comments').push(['from Anna'])
    anna.append(Y.encodeStateAsUpdate(theirs))
    writing.logs.push(anna)
    writing.document.stored(anna)
    await writing.document.sync.settle()
    writing.doc.getArray('comments').push(['mine'])
    writing.doc.getArray('comments').delete(0, 1)
    await writing.expectTaken()
    expect(writing.doc.getArray('comments').toJSON().sort()).toEqual(['from Anna', 'mine'])
    writing.doc.getArray('comments').delete(writing.doc.getArray('comments').toJSON().indexOf('mine'), 1)
    await writing.expectTaken()
    expect(writing.doc.getArray('comments').toJSON()).toEqual(['from Anna'])
    expect(writing.errors.map(({ message }) => message)).toEqual([
      'a change that everybody would refuse: foreign-delete',
    ])
  })
})

describe('[F57] the own log', () => {
  it('once it is cut, another session writes, and what went beyond is handed back', async () => {
    const writing = new WritingDocument()
    writing.doc.getText('text').insert(0, 'stands')
    await writing.document.sync.settle()
    const [log] = writing.logs as [StoredLog]
    writing.document.cut(log, 1)
    writing.doc.getText('text').insert(6, ' lost')
    await writing.document.sync.settle()
    expect(writing.doc.getText('text').toString()).toBe('stands')
    writing.doc.getText('text').insert(6, ' again')
    await writing.expectTaken()
    expect(writing.doc.getText('text').toString()).toBe('stands again')
    expect(writing.logs.map(({ seq }) => seq)).toEqual([2, 1])
    expect(writing.errors).toMatchObject([{ kind: 'not-allowed' }])
  })
})

describe('[F57] the own log, cut where it ends', () => {
  it('is not written any further: another session is', async () => {
    const writing = new WritingDocument()
    writing.doc.getText('text').insert(0, 'stands')
    await writing.document.sync.settle()
    writing.document.cut(writing.logs[0] as StoredLog, 1)
    await writing.document.sync.settle()
    writing.doc.getText('text').insert(6, ' again')
    await writing.expectTaken()
    expect(writing.doc.getText('text').toString()).toBe('stands again')
    expect(writing.logs.map(({ seq }) => seq)).toEqual([1, 1])
    expect(writing.errors).toEqual([])
  })
})

describe('merging own updates', () => {
  it('never makes of updates that everybody takes one that nobody takes', async () => {
    const doc = new Y.Doc()
    const updates: Uint8Array[] = []
    doc.on('update', (update: Uint8Array) => updates.push(update))
    for (let i = 0; i < 8; i++)
      doc.transact(() => {
        for (let j = 0; j < UPDATE_ROOTS / 4; j++) doc.getText(`${i} ${j}`).insert(0, 'x')
      })
    expect(ownFault(Y.mergeUpdates(updates), doc.clientID)).toBe('too-many-roots')
    const written: Uint8Array[] = []
    const writer = new LocalWriter({
      clock: new VirtualClock(),
      fits: (merged) => ownFault(merged, doc.clientID) === null,
      write: async (update) => void written.push(update),
      onError: (error) => expect(error).toBeNull(),
    })
    writer.push(updates.slice(0, 4))
    await writer.flush()
    expect(written.length).toBe(1)
    writer.push(updates.slice(4, 5))
    writer.push(updates.slice(5))
    writer.push([])
    await writer.flush()
    const copy = new Y.Doc()
    for (const update of written) {
      expect(ownFault(update, doc.clientID)).toBeNull()
      Y.applyUpdate(copy, update)
    }
    expect(Y.encodeStateAsUpdate(copy)).toEqual(Y.encodeStateAsUpdate(doc))
    const all: Uint8Array[] = []
    const together = new LocalWriter({
      clock: new VirtualClock(),
      fits: (merged) => ownFault(merged, doc.clientID) === null,
      write: async (update) => void all.push(update),
      onError: (error) => expect(error).toBeNull(),
    })
    together.push(updates)
    await together.flush()
    expect(all.map((update) => ownFault(update, doc.clientID))).toEqual(updates.map(() => null))
  })
})
