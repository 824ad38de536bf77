import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { rawItem, rawUpdate } from '../testing/raw-update.ts'
import { openStored, StoredDocument, StoredLog } from '../testing/stored-logs.ts'
import { blankUpdate } from './blank-update.ts'
import { foldDocument } from './fold.ts'
import { foldLogs } from './fold-logs.ts'
import { applyRemote, REMOTE } from './remote-apply.ts'

/** Somebody with a document and a log of what they did to it. */
class Author {
  readonly doc = new Y.Doc()
  readonly updates: Uint8Array[] = []
  readonly clientId: number

  constructor(clientId: number) {
    this.clientId = clientId
    this.doc.clientID = clientId
    this.doc.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== REMOTE) this.updates.push(update)
    })
  }

  hear(other: Author): void {
    for (const update of other.updates) applyRemote(this.doc, update)
  }

  log(rank: number, count = this.updates.length): StoredLog {
    const log = new StoredLog(rank, this.clientId)
    for (const update of this.updates.slice(0, count)) log.append(update)
    return log
  }
}

/** X is cut after its first entry; Y has built on all that X wrote. */
function xAndY(x: (doc: Y.Doc) => void, y: (doc: Y.Doc) => void, first?: (doc: Y.Doc) => void) {
  const [cut, honest] = [new Author(1001), new Author(1002)]
  cut.doc.transact(() => {
    cut.doc.getText('text').insert(0, 'good ')
    first?.(cut.doc)
  })
  x(cut.doc)
  honest.hear(cut)
  y(honest.doc)
  const logs = { x: cut.log(1), y: honest.log(2) }
  logs.x.cut = 1
  return logs
}

async function folded(...logs: StoredLog[]) {
  const result = await foldLogs(logs, { open: openStored, yieldToHost: () => Promise.resolve() })
  return { ...result, text: result.doc.getText('text').toString() }
}

function bad(doc: Y.Doc): void {
  doc.getText('text').insert(5, 'bad ')
}

function honest(doc: Y.Doc): void {
  doc.getText('text').insert(9, 'honest')
}

describe('an update, blanked', () => {
  it('keeps its structs, shows none of them, and deletes nothing else', () => {
    const author = new Author(1)
    const other = new Author(2)
    other.doc.getText('text').insert(0, 'theirs')
    author.hear(other)
    author.doc.transact(() => {
      author.doc.getText('text').delete(0, 3)
      author.doc.getText('text').insert(0, 'mine')
      author.doc.getMap('map').set('key', new Y.Array())
    })
    const doc = new Y.Doc()
    applyRemote(doc, other.updates[0] as Uint8Array)
    applyRemote(doc, blankUpdate(author.updates[0] as Uint8Array))
    expect(doc.getText('text').toString()).toBe('theirs')
    expect(doc.getMap('map').size).toBe(0)
    expect(Y.getState(doc.store, 1)).toBe(5)
  })

  it('does not delete what it says again: that stands', () => {
    const said = (value: string) =>
      rawUpdate([{ client: 1, clock: 0, structs: [rawItem(new Y.ContentString(value))] }])
    const doc = new Y.Doc()
    applyRemote(doc, said('abc'))
    applyRemote(doc, blankUpdate(said('abcdef'), 3))
    expect(doc.getText('text').toString()).toBe('abc')
    expect(Y.getState(doc.store, 1)).toBe(6)
    applyRemote(doc, blankUpdate(said('abc'), 6))
    expect(doc.getText('text').toString()).toBe('abc')
  })

  it('of deletions alone is an update of nothing', () => {
    const author = new Author(1)
    author.doc.getText('text').insert(0, 'a')
    author.doc.getText('text').delete(0, 1)
    const doc = new Y.Doc()
    applyRemote(doc, author.updates[0] as Uint8Array)
    applyRemote(doc, blankUpdate(author.updates[1] as Uint8Array))
    expect(doc.getText('text').toString()).toBe('a')
  })
})

describe("[F57] others' work built on an entry that a revocation or equivocation cuts", () => {
  it('text beside cut text is kept', async () => {
    const { x, y } = xAndY(bad, honest)
    const { text, applied, blanked } = await folded(x, y)
    expect(text).toBe('good honest')
    expect({ applied, blanked }).toEqual({ applied: [2, 1], blanked: [1, 0] })
  })

  it('a value set over a cut one is kept', async () => {
    const { x, y } = xAndY(
      (doc) => doc.getMap('map').set('key', 'bad'),
      (doc) => doc.getMap('map').set('key', 'honest'),
    )
    expect((await folded(x, y)).doc.getMap('map').toJSON()).toEqual({ key: 'honest' })
  })

  it('a paragraph beside a cut one is kept', async () => {
    const paragraph = (text: string) => {
      const element = new Y.XmlElement('p')
      element.insert(0, [new Y.XmlText(text)])
      return element
    }
    const { x, y } = xAndY(
      (doc) => doc.getXmlFragment('xml').insert(0, [paragraph('bad')]),
      (doc) => doc.getXmlFragment('xml').insert(1, [paragraph('honest')]),
    )
    expect((await folded(x, y)).doc.getXmlFragment('xml').toString()).toBe('<p>honest</p>')
  })

  it('what stands inside a type that is blanked is lost with it, and nothing else', async () => {
    const { x, y } = xAndY(
      (doc) => doc.getMap('map').set('inner', new Y.Map()),
      (doc) => {
        const inner = doc.getMap('map').get('inner')
        if (inner instanceof Y.Map) inner.set('lost', 1)
        doc.getMap('map').set('kept', 1)
      },
    )
    const { doc, applied } = await folded(x, y)
    expect(doc.getMap('map').toJSON()).toEqual({ kept: 1 })
    expect(applied).toEqual([2, 2])
  })

  it('what the cut author deleted or set over beyond the cut: deletions are undone, a key stays empty', async () => {
    const { x, y } = xAndY(
      (doc) => {
        doc.getText('text').delete(0, 4)
        doc.getMap('map').set('key', 'bad')
        doc.getText('text').insert(1, 'bad ')
      },
      (doc) => doc.getText('text').insert(5, 'honest'),
      (doc) => doc.getMap('map').set('key', 'before'),
    )
    const { doc, text } = await folded(x, y)
    expect(text).toBe('good honest')
    expect(doc.getMap('map').toJSON()).toEqual({})
  })

  it('only as far as it is needed, and not at all when it is not', async () => {
    const { x, y } = xAndY(bad, honest)
    const author = new Author(1001)
    author.hear({ updates: x.open(1, 2) } as Author)
    author.doc.getText('text').insert(0, 'unneeded')
    x.append(author.updates[0] as Uint8Array)
    expect((await folded(x, y)).applied).toEqual([2, 1])
    expect((await folded(x)).applied).toEqual([1])
    expect((await folded(x)).text).toBe('good ')
  })

  it('what a needed entry itself builds on beyond another cut is blanked too', async () => {
    const [x, y, z] = [new Author(1), new Author(2), new Author(3)]
    x.doc.getText('text').insert(0, 'x')
    y.hear(x)
    y.doc.getText('text').insert(1, 'y')
    z.hear(x)
    z.hear(y)
    z.doc.getText('text').insert(2, 'z')
    for (const ranks of [
      [1, 2, 3],
      [3, 2, 1],
      [2, 3, 1],
    ]) {
      const logs = [x, y, z].map((author, i) => author.log(ranks[i] ?? 0)) as [
        StoredLog,
        StoredLog,
        StoredLog,
      ]
      logs[0].cut = 0
      logs[1].cut = 0
      const { text, blanked } = await folded(...logs)
      expect(text).toBe('z')
      expect(blanked).toEqual([1, 1, 0])
      logs[2].cut = 0
      expect((await folded(...logs)).applied).toEqual([0, 0, 0])
    }
  })

  it('a blanked update that breaks a rule ends its log; who waits for it waits on', async () => {
    const { x, y } = xAndY(bad, honest)
    x.replace(2, [rawUpdate([{ client: 7, clock: 0, structs: [rawItem(new Y.ContentString('spoofed'))] }])])
    const { applied, refused } = await folded(x, y)
    expect(applied).toEqual([1, 0])
    expect(refused).toEqual([{ log: 0, update: 1, fault: 'foreign-client' }])
  })

  it('deletions of a blanked update are not waited for', async () => {
    const { x, y } = xAndY(bad, honest)
    const structs = Y.decodeUpdate(x.open(2, 1)[0] as Uint8Array)
    expect(structs.ds.clients.size).toBe(0)
    const waitsForNobody = Y.mergeUpdates([x.open(2, 1)[0] as Uint8Array, rawUpdate([], [[99, [[0, 5]]]])])
    x.replace(2, [waitsForNobody])
    expect((await folded(x, y)).text).toBe('good honest')
  })

  it('where nobody is cut, nothing is blanked', async () => {
    const { x, y } = xAndY(bad, honest)
    x.cut = null
    const { text, blanked } = await folded(y, x)
    expect(text).toBe('good bad honest')
    expect(blanked).toEqual([0, 0])
    const logs = [x, y].map(({ hash, clientId, seq }) => {
      return { hash, clientId, standing: seq, updates: (clientId === x.clientId ? x : y).open(1, seq) }
    })
    expect((await foldDocument(logs, () => Promise.resolve())).doc.getText('text').toString()).toBe(text)
  })
})

describe('[F57] a cut while the document is open', () => {
  const text = (document: StoredDocument) => document.doc.getText('text').toString()

  it('before its entries: they are asked for once when somebody needs them, and blanked', async () => {
    const from = xAndY(bad, honest)
    const [x, y] = [new StoredLog(1, 1001), new StoredLog(2, 1002)]
    const document = new StoredDocument([x, y])
    document.cut(x, 1)
    for (const log of [x, y]) {
      log.append((log === x ? from.x : from.y).open(1, 1)[0] as Uint8Array)
      document.stored(log)
    }
    await document.reading()
    expect(text(document)).toBe('good ')
    expect(document.sync.waitingCount).toBe(1)
    expect(document.needed).toEqual([x])
    document.sync.handleCut(x)
    await document.reading()
    expect(document.needed).toEqual([x])
    x.append(from.x.open(2, 1)[0] as Uint8Array)
    document.stored(x)
    await document.reading()
    expect(text(document)).toBe('good honest')
    expect(document.sync.waitingCount).toBe(0)
    expect(document.replacedCount).toBe(0)
  })

  it('after its entries: the document is rebuilt, and deletions beyond are undone', async () => {
    const { x, y } = xAndY(
      (doc) => {
        doc.getText('text').delete(0, 4)
        doc.getText('text').insert(1, 'bad ')
      },
      (doc) => doc.getText('text').insert(5, 'honest'),
    )
    x.cut = null
    const document = new StoredDocument([x, y])
    await document.reading()
    expect(text(document)).toBe(' bad honest')
    document.cut(x, 1)
    await document.reading()
    expect(text(document)).toBe('good honest')
    expect(document.replacedCount).toBe(1)
    expect(document.errors).toEqual([])
  })

  it('at the end of what was applied: nothing is rebuilt, and what comes beyond stays out', async () => {
    const from = xAndY(bad, honest)
    const x = new StoredLog(1, 1001)
    const document = new StoredDocument([x])
    x.append(from.x.open(1, 1)[0] as Uint8Array)
    document.stored(x)
    document.cut(x, 1)
    x.append(from.x.open(2, 1)[0] as Uint8Array)
    document.stored(x)
    await document.reading()
    expect(text(document)).toBe('good ')
    expect(document.replacedCount).toBe(0)
    expect(document.needed).toEqual([])
  })

  it('another entry at the place of one that was applied: rebuilt', async () => {
    const { x, y } = xAndY(bad, honest)
    x.cut = null
    const document = new StoredDocument([x, y])
    await document.reading()
    expect(text(document)).toBe('good bad honest')
    const other = new Author(1001)
    other.hear({ updates: x.open(1, 1) } as Author)
    other.doc.getText('text').insert(5, 'els ')
    x.replace(2, other.updates)
    document.cut(x, 2)
    await document.reading()
    expect(text(document)).toBe('good els honest')
    expect(document.replacedCount).toBe(1)
  })

  it('of somebody for whose sake alone something was blanked: that is taken back', async () => {
    const { x, y } = xAndY(
      (doc) => doc.getMap('map').set('key', 'bad'),
      (doc) => doc.getMap('map').set('key', 'honest'),
      (doc) => doc.getMap('map').set('key', 'before'),
    )
    const nobody = rawUpdate([], [[99, [[0, 1]]]])
    y.replace(1, [Y.mergeUpdates([y.open(1, 1)[0] as Uint8Array, nobody])])
    const document = new StoredDocument([x, y])
    await document.reading()
    expect(document.doc.getMap('map').toJSON()).toEqual({})
    document.cut(y, 0)
    await document.reading()
    expect(document.doc.getMap('map').toJSON()).toEqual({ key: 'before' })
  })

  it('an opened entry that waited, and is not stored any more, is not applied', async () => {
    const { x, y } = xAndY(bad, honest)
    x.cut = null
    const later = new StoredLog(2, y.clientId)
    const document = new StoredDocument([later])
    later.append(y.open(1, 1)[0] as Uint8Array)
    document.stored(later)
    await document.reading()
    expect(document.sync.waitingCount).toBe(1)
    later.replace(1, [
      rawUpdate([{ client: y.clientId, clock: 0, structs: [rawItem(new Y.ContentString('instead'))] }]),
    ])
    document.cut(later, 1)
    await document.reading()
    expect(text(document)).toBe('instead')
  })

  it('before an entry that was refused in full: blanked, it may still be what others need', async () => {
    const first = new Author(1000)
    first.doc.getText('text').insert(0, 'first ')
    const [x, y] = [new Author(1001), new Author(1002)]
    x.hear(first)
    x.doc.getText('text').insert(6, 'bad ')
    y.hear(first)
    y.hear(x)
    y.doc.getText('text').insert(10, 'honest')
    const restricted = new StoredLog(2, 1001, 'X', true)
    restricted.append(Y.mergeUpdates([x.updates[0] as Uint8Array, rawUpdate([], [[1000, [[0, 6]]]])]))
    const logs = [first.log(1), restricted, y.log(3)]
    const document = new StoredDocument(logs)
    await document.reading()
    expect(document.refused).toEqual(['X 1 foreign-delete'])
    expect(text(document)).toBe('first ')
    document.cut(restricted, 0)
    await document.reading()
    expect(text(document)).toBe('first honest')
    expect((await folded(...logs)).text).toBe('first honest')
  })

  it('lowered while a rebuild is under way: the rebuild starts over', async () => {
    const { x, y } = xAndY(bad, honest)
    x.cut = null
    const document = new StoredDocument([x, y])
    await document.reading()
    document.cut(x, 1)
    await Promise.resolve()
    document.cut(x, 0)
    await document.reading()
    expect(text(document)).toBe('honest')
    expect(document.replacedCount).toBe(1)
  })
})
